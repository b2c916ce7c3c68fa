# SPDX-License-Identifier: GPL-2.0
# What some trees have, by a text in one of their files: -DTKFI_HAS_<name> for each.
tkfi-has = $(if $(findstring $(2),$(file <$(srctree)/$(3))),-DTKFI_HAS_$(1))
tkfi-tree-y := $(call tkfi-has,COARSE_NSEC,coarse_nsec;,include/linux/timekeeper_internal.h) \
	$(call tkfi-has,UPDATE_BEGIN,update_vsyscall_begin,kernel/time/vsyscall.c)
