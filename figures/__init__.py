"""One script per figure; each declares the tables it reads, draws them, and computes nothing.

A figure is a file in one of the rooms below: its first docstring line is what it shows, `READS` the
tables it draws, `draw(tables)` the drawing. No list names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from models.storage.declarations import declared, modules_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.style.common import Tables

ROOMS = ("toy", "theory", "language", "across")


@dataclass(frozen=True)
class Script:
    """A figure's script.

    Attributes:
        name: of the figure and its file.
        room: toy, theory, language (one figure per model) or across (all models together).
        module: to import.
        reads: names of the tables it draws, of its room.
        shows: one sentence on it.
    """

    name: str
    room: str
    module: str
    reads: tuple[str, ...]
    shows: str

    def draw(self, tables: Tables) -> Figure:
        """The figure of these tables; its module, and with it matplotlib, is imported now."""
        return import_module(self.module).draw(tables)


@cache
def scripts() -> dict[str, Script]:
    """All figures by name."""
    found: dict[str, Script] = {}
    for room in ROOMS:
        for module in modules_of(f"figures.{room}"):
            told, name = declared(module), module.rpartition(".")[2]
            if name in found:
                raise ValueError(f"two figures are called {name}: {found[name].module}, {module}")
            found[name] = Script(name, room, module, told["READS"], told.says)
    return found


def of_room(room: str) -> dict[str, tuple[str, ...]]:
    """The figures of a room: name -> the tables it reads."""
    return {name: script.reads for name, script in scripts().items() if script.room == room}


def figures_of(tables: Iterable[str]) -> list[str]:
    """The figures that a language model with these tables has."""
    present = set(tables)
    return [name for name, needed in of_room("language").items() if present.issuperset(needed)]
