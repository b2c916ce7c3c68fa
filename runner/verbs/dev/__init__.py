# SPDX-License-Identifier: GPL-2.0
"""What ./tkfi dev can be told to do: for developers of tkfi itself."""
