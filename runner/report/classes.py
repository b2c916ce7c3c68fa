# SPDX-License-Identifier: GPL-2.0
"""What is to be said of the causes of known violations, in words."""

from __future__ import annotations

from runner.boot.records import StoryFault, StoryRace, Violation

ORDER = ("bug", "fixed", "design", "hardware")  # the ids, as they are counted
_COUNTED = {"bug": "bug", "fixed": "fixed", "design": "by design", "hardware": "not on hardware"}
_ALONE = {**_COUNTED, "bug": "a bug that is not fixed upstream"}


def counted_as(class_id: str, fixed_in: str) -> str:
    """What follows a number of violations of a class."""
    return _COUNTED[class_id] + (f" in {fixed_in}" if fixed_in else "")


def reason(violation: Violation | StoryFault | StoryRace) -> str:
    """Why a known violation occurs, and its class."""
    if not violation.cause_class:
        return violation.reason
    where = f" in {violation.fixed_in} by {violation.fixed_by}" if violation.fixed_in else ""
    return f"{violation.reason} ({_ALONE[violation.cause_class]}{where})"


def known_as(violation: Violation) -> str:
    """What is known of the cause of one that is known: its class."""
    if not violation.cause_class:
        return "known"
    where = f" in {violation.fixed_in} by {violation.fixed_by}" if violation.fixed_in else ""
    return f"known: {_ALONE[violation.cause_class]}{where}"
