# SPDX-License-Identifier: GPL-2.0
"""Tests of the runner; they need no network, no root and no built kernel."""
