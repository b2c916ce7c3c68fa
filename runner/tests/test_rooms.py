# SPDX-License-Identifier: GPL-2.0
"""Imports go one way: the command line, verbs, report, explore, boot, kernel, what all use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from runner.layout import REPO
from runner.tests.conftest import write

COMMAND_LINE = ("cli", "__main__")  # at the top, though they use all others
SHARED = ("verbs.options", "verbs.completions")  # by verbs
# Each may use those before it.
ROOMS = ("", "kernel", "boot", "explore", "guest", "premerge", "report", "verbs")


def modules(runner: Path) -> dict[str, Path]:
    """All modules of the tool but its tests, by their names below runner, as in boot.causes."""
    found = {".".join(file.relative_to(runner).with_suffix("").parts): file
             for file in runner.rglob("*.py")}
    return {name: file for name, file in found.items() if not name.startswith("tests.")}


def imported(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the tool that a file imports, in functions and for its types too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: a relative import"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] + [module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name for name in (one.removeprefix("runner.") for one in names) if name in known)


def rank(module: str) -> int:
    """The place of a module's room among all."""
    room = module.partition(".")[0] if "." in module else ""
    return len(ROOMS) if module in COMMAND_LINE else ROOMS.index(room)


def is_verb(module: str) -> bool:
    """Whether it is what no other verb may use."""
    return module.startswith("verbs.") and module not in SHARED and not module.endswith("__init__")


def crossings(runner: Path) -> list[str]:
    """The imports that go the other way, from verb to verb, or in a circle."""
    known = modules(runner)
    graph = {name: set(imported(file, known)) for name, file in known.items()}
    found = [f"{name} imports {other}" for name, others in graph.items() for other in others
             if rank(other) > rank(name) or is_verb(name) and is_verb(other)]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append(f"a circle: {', '.join(error.args[1])}")
    return sorted(found)


def test_imports_go_one_way() -> None:
    assert not crossings(REPO / "runner")


def test_every_package_is_a_room() -> None:
    assert {rank(name) for name in modules(REPO / "runner")} == set(range(len(ROOMS) + 1))


@pytest.mark.parametrize("module, text, crossing", [
    ("kernel/a", "from runner.boot import boots", "kernel.a imports boot.boots"),
    ("kernel/a", "from runner.boot.boots import run", "kernel.a imports boot.boots"),
    ("kernel/a", "def f():\n    import runner.boot.boots", "kernel.a imports boot.boots"),
    ("lock", "from runner.boot import boots", "lock imports boot.boots"),
    ("verbs/dev/a", "from runner import cli", "verbs.dev.a imports cli"),
    ("boot/a", "from runner.boot import b\n", "a circle: boot."),
    ("verbs/dev/a", "from runner.verbs import b", "verbs.dev.a imports verbs.b"),
    ("verbs/a", "from runner.verbs.options import option", ""),
    ("verbs/a", "from runner.boot import boots", ""),
    ("boot/c", "from runner.boot import boots", ""),
])
def test_a_crossing_is_seen(tmp_path: Path, module: str, text: str, crossing: str) -> None:
    write(tmp_path / "boot/boots.py", "")
    write(tmp_path / "boot/b.py", "from runner.boot import a\n" * (module == "boot/a"))
    write(tmp_path / "verbs/b.py", "from runner.verbs import options\n")
    write(tmp_path / "verbs/options.py", "")
    write(tmp_path / "cli.py", "from runner.boot import boots\n")
    write(tmp_path / f"{module}.py", text)
    found = crossings(tmp_path)
    assert len(found) == bool(crossing) and "".join(found).startswith(crossing)
