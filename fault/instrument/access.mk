# SPDX-License-Identifier: GPL-2.0
# The files whose memory accesses are reported to access.c; and where in the source
# each of them is (-g1: lines, no variables), for addr2line. Big aggregates are copied
# and set by calls, so that their words are accesses too; in UML of 6.1 GCC has SSE
# registers, with which it would copy more words than 16 by itself.
tkfi-access-$(CONFIG_TKFI_ACCESS) := -fsanitize=thread \
	--param tsan-distinguish-volatile=1 \
	--param tsan-instrument-func-entry-exit=0 -g1 \
	-mno-sse -mstringop-strategy=libcall -DTKFI_REDIRECT_BLOCKS \
	-include $(srctree)/kernel/time/tkfi/instrument/block.h \
	-include $(srctree)/kernel/time/tkfi/instrument/barrier.h

# The kernel's own ones include hooks.h, and the glue.
include $(srctree)/kernel/time/tkfi/tree.mk
tkfi-patched-$(CONFIG_TKFI_TIMEKEEPING) := $(tkfi-access-y) $(tkfi-tree-y) \
	$(patsubst %,-I$(srctree)/kernel/time/tkfi/%,timekeeping program core instrument)

CFLAGS_tick-common.o += $(tkfi-patched-y)
CFLAGS_timekeeping.o += $(tkfi-patched-y)
CFLAGS_ntp.o += $(tkfi-patched-y)
CFLAGS_vsyscall.o += $(tkfi-patched-y)
