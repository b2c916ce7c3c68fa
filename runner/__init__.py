# SPDX-License-Identifier: GPL-2.0
"""The host side of tkfi: fetch, patch, build, boot, show, compare."""
