# SPDX-License-Identifier: GPL-2.0
# KERNEL: a release (see ./tkfi list kernels) or the path of a kernel tree. `make check` without it
# checks every release on offer.

KERNEL ?= 6.12
CHECKED := $(if $(filter file undefined,$(origin KERNEL)),$$(./tkfi list kernels | cut -d' ' -f1),$(KERNEL))
BOOTS ?= 5
PYTHON := /usr/bin/python3 -B
export TKFI_SUMMARY := $(CURDIR)/build/summary

.PHONY: help setup tree build reproduce check clean distclean
.NOTPARALLEL:

help:
	@echo "make reproduce   the cover letter's race on a live kernel"
	@echo "make check       all tests"
	@echo "make setup | tree | build | clean | distclean"
	@echo "KERNEL=6.12|7.3|/path/to/tree chooses the kernel; ./tkfi --help has more"

setup:
	@runner/setup.sh

tree: setup
	@./tkfi tree --kernel '$(KERNEL)'

build: setup
	@./tkfi build --kernel '$(KERNEL)'

reproduce: setup
	@./tkfi reproduce --kernel '$(KERNEL)'

check: setup
	@mkdir -p build && rm -f $(TKFI_SUMMARY)
	$(PYTHON) -m flake8 runner
	$(PYTHON) -m mypy
	@set -e; kernels="$(CHECKED)"; test -n "$$kernels"; \
	for kernel in $$kernels; do ./tkfi tree --kernel "$$kernel"; done
	$(PYTHON) -m pytest -q
	@./tkfi style
	@set -e; for kernel in $(CHECKED); do \
		./tkfi identical --kernel "$$kernel"; \
		variants=$$(./tkfi list variants --kernel "$$kernel"); \
		./tkfi test --kernel "$$kernel" --boots $(BOOTS); \
		./tkfi test --kernel "$$kernel" $$(printf -- '--variant %s ' $$variants); \
		./tkfi test --summary --kernel "$$kernel"; \
		./tkfi breaks --kernel "$$kernel"; \
		./tkfi explore --kernel "$$kernel" --jobs 2 --report "build/report-$$(basename "$$kernel")"; \
	done
	@./tkfi explore falls-vdso --jobs 2 --kernel '$(KERNEL)' --json build/explored.json
	@schedule=$$($(PYTHON) -c 'import json; print(json.load(open("build/explored.json"))["violations"][0]["schedule"])'); \
	./tkfi replay "$$schedule" --kernel '$(KERNEL)'; \
	test $$? -eq 1 || { echo "the replay of $$schedule did not end with 1" >&2; exit 1; }
	@./tkfi bench --hold --kernel '$(KERNEL)' --svg build/write-hold.svg

# Downloads stay; rm never follows a link out of build/.
clean:
	@! test -d build || flock --nonblock build/.lock find build -mindepth 1 -maxdepth 1 \
		! -name debs ! -name .lock -exec rm -rf {} + || \
		{ echo "build/ is in use: $$(cat build/.lock)" >&2; exit 2; }

distclean: clean
	@rm -rf build
