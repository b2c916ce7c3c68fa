# SPDX-License-Identifier: GPL-2.0
"""From a built kernel to boots, and what they reported."""
