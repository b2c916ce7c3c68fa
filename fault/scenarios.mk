# SPDX-License-Identifier: GPL-2.0
# scenarios.txt of the rooms in $(tkfi-scenarios) as rows of an array of struct
# tkfi_scenario; of the own room if that is not set.
tkfi-scenarios ?= $(notdir $(patsubst %/,%,$(obj)))

quiet_cmd_scenarios = GEN     $@
      cmd_scenarios = sed -n 's/$(pound).*//; s/^[[:blank:]]*\([^[:blank:]=]*\)[[:blank:]]*=[[:blank:]]*\(.*[^[:blank:]]\)[[:blank:]]*$$/\t{ "\1", "\2" },/p' $(real-prereqs) > $@

$(obj)/scenarios.inc: $(patsubst %,$(srctree)/kernel/time/tkfi/%/scenarios.txt,$(tkfi-scenarios)) FORCE
	$(call if_changed,scenarios)

targets += scenarios.inc
