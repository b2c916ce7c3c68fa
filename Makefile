# SPDX-License-Identifier: GPL-2.0
# KERNEL: a release (see ./tkfi list kernels) or the path of a kernel tree.

KERNEL ?= 6.12
# Without KERNEL= all that there is to choose from.
EVERY = $(if $(filter file undefined,$(origin KERNEL)),$$(./tkfi list kernels --names),'$(KERNEL)')
# Of the default kernel all traces are compared between boots.
BOOTS ?= $(if $(filter 6.12,$(KERNEL)),2,1)
PYTHON := /usr/bin/python3 -B

.PHONY: help setup tree build reproduce check check-suites check-explore check-runner check-all \
	check-style check-hold check-simulate check-kernels check-parser check-parts check-guest check-kernel check-identical check-lists check-variants check-breaks check-report check-page check-tree check-verdicts check-tutorial check-kasan check-disturb \
	clean distclean
.NOTPARALLEL:

help:
	@echo "make reproduce   the cover letter's race on a live kernel"
	@echo "make check       tests of one kernel: suites, exploration, a replay; tests of the runner"
	@echo "make check-all   the rest: all kernels, variants, breaks, style; takes most of an hour"
	@echo "make setup | tree | build | clean | distclean"
	@echo "KERNEL=6.1|6.12|7.3|/path/to/tree chooses the kernel; ./tkfi --help has more"

setup:
	@runner/setup.sh

tree: setup
	@./tkfi tree --kernel '$(KERNEL)'

build: setup
	@./tkfi build --kernel '$(KERNEL)'

reproduce: setup
	@./tkfi reproduce --kernel '$(KERNEL)'

check: check-suites check-explore check-runner

check-suites: setup
	@./tkfi test --kernel '$(KERNEL)'

check-explore: setup
	@./tkfi explore --kernel '$(KERNEL)' --jobs 2 --json build/explored.json
	@schedule=$$($(PYTHON) -c 'import json; print(next((found["schedule"] \
		for found in json.load(open("build/explored.json"))["violations"] if found["schedule"]), ""))') && \
	if test -n "$$schedule"; then ./tkfi replay "$$schedule" --kernel '$(KERNEL)'; \
	else echo "nothing was found, so there is nothing to replay"; fi

# Some of the tests are of the default kernel, as it is built.
check-runner: setup
	@./tkfi build
	$(PYTHON) -m pytest -q

check-all: check-style check-hold check-simulate check-kernels check-parser check-parts check-page check-kasan check-disturb check-tree check-verdicts check-tutorial check-guest

check-kernels: setup
	@status=0; for kernel in $(EVERY); do \
		$(MAKE) --no-print-directory check-kernel KERNEL="$$kernel" || status=1; \
	done; exit $$status

# Tests of each kernel's own kunit.py, and of changes to each kernel: their sources are there now.
check-parser: check-kernels
	$(PYTHON) -m pytest -q runner/tests/test_causes.py runner/tests/test_change_patches.py

# What knows nothing of timekeeping, by itself.
check-parts: setup
	@./tkfi test --without-timekeeping --kernel '$(KERNEL)'

# The kernel's own parsers, on wrong texts, in a build that checks each access to memory.
check-kasan: setup
	@./tkfi dev kasan --kernel '$(KERNEL)'

# The page of --report in a browser, which nothing else needs. Pictures of it are left in build/screenshots.
check-page:
	@runner/setup.sh chromium chromium-driver python3-selenium zsh
	$(PYTHON) -m pytest -q runner/tests/test_browser.py

# A sample; 200 and more with --times.
check-disturb: setup
	@./tkfi dev disturb --times 9 --kernel '$(KERNEL)'

# A kernel that tkfi was not made for, as somebody's tree; Debian will not have it for ever.
check-tree: setup
	@tree=$$(./tkfi dev source 7.2); case $$? in 0) ;; \
		1) echo "skipped: check-tree, as Debian has no source of 7.2 any more"; exit 0;; *) exit 2;; esac; \
		./tkfi test --kernel "$$tree" && ./tkfi explore --kernel "$$tree" --clock 1ghz --jobs 2

# One of each kind: nothing is worse, something is, it cannot be judged.
check-verdicts: setup
	@./tkfi dev verdicts comment early-cycle-last does-not-compile

# The commands of docs/tutorial.md, on the work tree that check-verdicts has built.
check-tutorial: setup
	@./tkfi dev tutorial

check-style: setup
	$(PYTHON) -m flake8 runner
	$(PYTHON) -m mypy
	$(PYTHON) -m yamllint --strict configs/ci
	@./tkfi dev style --kernel '$(KERNEL)'

# The race and what docs/findings.md has, in a stock kernel. QEMU and an image are downloaded, some 50 MB;
# nothing is installed.
check-guest: setup
	@case '$(KERNEL)' in */*) echo "skipped: check-guest, as a tree is no stock kernel";; \
		*) ./tkfi guest --kernel '$(KERNEL)' && ./tkfi guest --kernel '$(KERNEL)' --at all --tries 3 && \
		   ./tkfi dev findings --kernel '$(KERNEL)';; esac

check-hold: setup
	@./tkfi hold --kernel '$(KERNEL)' --svg build/write-hold.svg

# The bare builds of check-hold; whether it is accurate the suites say.
check-simulate: setup
	@./tkfi simulate --kernel '$(KERNEL)' --nohz 500 --svg build/simulate.svg

# 6.1 and 7.3 are broken as 6.12 is, for five minutes each: make check-breaks KERNEL=7.3.
check-kernel: check-variants check-report $(if $(filter 6.1 7.3,$(KERNEL)),,check-breaks) check-identical check-lists

# All of them in one table, as some things must be the same in each; and in each boot.
check-variants: setup
	@./tkfi test --kernel '$(KERNEL)' --boots $(BOOTS) \
		$$(./tkfi list variants --names --kernel '$(KERNEL)' | sed 's/^/--variant /')
	@./tkfi summary --kernel '$(KERNEL)'

# Each schedule is replayed on a kernel of its own.
check-report: setup
	@./tkfi explore --kernel '$(KERNEL)' --clock 1ghz --jobs 2 --replay --report "build/report-$$(basename '$(KERNEL)')"

check-breaks: setup
	@./tkfi dev breaks --kernel '$(KERNEL)'

check-identical: setup
	@./tkfi dev identical --kernel '$(KERNEL)'

# Of a tree of one's own there is nothing to compare with.
check-lists: setup
	@case '$(KERNEL)' in */*) ;; *) ./tkfi dev lists --kernel '$(KERNEL)' --check ;; esac

# Downloads stay; rm never follows a link out of build/.
clean:
	@! test -d build || flock --nonblock build/.lock find build -mindepth 1 -maxdepth 1 \
		! -name debs ! -name .lock -exec rm -rf {} + || \
		{ echo "build/ is in use: $$(cat build/.lock)" >&2; exit 2; }

distclean: clean
	@rm -rf build
