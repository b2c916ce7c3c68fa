# SPDX-License-Identifier: GPL-2.0
"""Which kernels there are, and from a chosen one to a build of it."""
