# SPDX-License-Identifier: GPL-2.0
"""What ./tkfi can be told to do, one module per verb."""
