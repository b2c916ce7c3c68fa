# SPDX-License-Identifier: GPL-2.0
"""Exploring scenarios: what is asked for, kept, and found."""
