# SPDX-License-Identifier: GPL-2.0
"""The race in a stock kernel: a guest of QEMU, held and watched through its gdbstub."""
