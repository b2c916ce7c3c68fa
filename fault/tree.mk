# SPDX-License-Identifier: GPL-2.0
# What some trees have, by texts in their files: -DTKFI_HAS_<name>. In a text _ is a blank
# or a tab, and ( is $(tkfi-open), so that a longer name is not taken for it.
tkfi-open := (
tkfi-tab := $(shell printf '\t')
tkfi-blank := $(subst x,,x x)

tkfi-read = $(subst $(tkfi-tab),$(tkfi-blank),$(file <$(srctree)/$(1)))
tkfi-has = $(findstring $(tkfi-blank)$(1),$(call tkfi-read,$(2)))

tkfi-tree-y := $(if $(call tkfi-has,coarse_nsec;,include/linux/timekeeper_internal.h),-DTKFI_HAS_COARSE_NSEC)
tkfi-tree-y += $(if $(call tkfi-has,coarse_sec;,include/linux/timekeeper_internal.h),-DTKFI_HAS_COARSE_SEC)
tkfi-tree-y += $(if $(call tkfi-has,coarse_base;,include/linux/timekeeper_internal.h),-DTKFI_HAS_COARSE_BASE)
tkfi-tree-y += $(if $(call tkfi-has,tk->tkr_mono.xtime_nsec >> tk->tkr_mono.shift;,kernel/time/vsyscall.c),-DTKFI_HAS_WHOLE_AUX_PAGE)
tkfi-tree-y += $(if $(call tkfi-has,xtime_remainder;,include/linux/timekeeper_internal.h),-DTKFI_HAS_XTIME_REMAINDER)
tkfi-tree-y += $(if $(call tkfi-has,skew_delta;,include/linux/timekeeper_internal.h),-DTKFI_HAS_SKEW_DELTA)
# The variant called fixed, whoever put it in.
tkfi-tree-y += $(if $(and \
	$(call tkfi-has,update_vsyscall_begin$(tkfi-open),kernel/time/vsyscall.c),\
	$(call tkfi-has,timekeeping_write_begin$(tkfi-open),kernel/time/timekeeping.c),\
	$(findstring -DTKFI_HAS_COARSE_BASE,$(tkfi-tree-y))),-DTKFI_HAS_UPDATE_BEGIN)
