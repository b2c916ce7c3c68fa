# SPDX-License-Identifier: GPL-2.0
# scenarios.txt as rows of an array of struct tkfi_scenario.
quiet_cmd_scenarios = GEN     $@
      cmd_scenarios = sed -n 's/^\([^ ]*\) = \(.*\)$$/\t{ "\1", "\2" },/p' $< > $@

$(obj)/scenarios.inc: $(srctree)/kernel/time/tkfi/timekeeping/scenarios.txt FORCE
	$(call if_changed,scenarios)

targets += scenarios.inc
