# SPDX-License-Identifier: GPL-2.0
# Which rooms the files of a room may include from: a crossing does not compile.
#
#   core -> instrument; search -> core; program -> core;
#   timekeeping -> program, core, instrument; frontend -> all
#
# This directory may be a symbolic link into another repository: name the
# kernel's own directories through $(srctree).
tkfi-include = $(patsubst %,-I$(srctree)/kernel/time/tkfi/%,$(1))

include $(srctree)/kernel/time/tkfi/tree.mk
ccflags-y += $(tkfi-tree-y)

# UML's -mcmodel=large makes every call an indirect one. The image is linked below 2 GiB.
ccflags-y += -mcmodel=small

# The objects of all sources that a pattern below fault/ matches.
tkfi-objects = $(patsubst %.c,%.o,$(notdir $(sort $(wildcard $(srctree)/kernel/time/tkfi/$(1)))))
