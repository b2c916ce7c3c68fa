# SPDX-License-Identifier: GPL-2.0
"""A kernel tree compared with its base: what is measured of each, and what the difference comes to."""
