# SPDX-License-Identifier: GPL-2.0
"""What was found, for a person: diagrams, tables, pages, charts."""
