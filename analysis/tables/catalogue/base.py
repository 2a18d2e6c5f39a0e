"""What a result table is: declared once, in a file of this package, and found from there.

Paths, collection, recording, the inputs of figures and claims, the reference pages and the checks
of columns all follow from these declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from models.storage.declarations import modules_of

if TYPE_CHECKING:
    import pandas as pd

ROOMS = ("toy", "theory", "language", "across", "results")
# float? may hold NaN: exact (no error), not reached, or not known.
KINDS = {"int": "iu", "float": "f", "float?": "f", "str": "OUTS", "bool": "b"}


class CatalogueError(ValueError):
    """A table or a column is not what the catalogue says; the message names both."""


@dataclass(frozen=True)
class Column:
    """What a column holds.

    Attributes:
        kind: int, float, float? (NaN allowed), str or bool.
        holds: what it holds, with its unit.
    """

    kind: str
    holds: str


@dataclass(frozen=True)
class Table:
    """A result table.

    Attributes:
        name: of its file, without suffix.
        room: toy, theory, language (one per model), across (all models) or results (everything).
        says: what it holds, one sentence.
        columns: name -> "kind what it holds, unit", in order.
        scope: "whole": one table; "seed": every run writes a part, and all parts are put together;
            "first": every run writes one, and that of the first run is shown.
        parts: names of a run's parts, where they differ from the table's.
        variants: made for variants of the toy too: "" (no), "all", or "optimizers".
        recorded: kept in the repository for long runs: "" (no), "claims" (claims rest on it), or
            "figures" (figures of recorded models need it).
        asked: configuration key of a language model without which the table is not made.
    """

    name: str
    room: str
    says: str
    columns: Mapping[str, str]
    scope: Literal["whole", "seed", "first"] = "whole"
    parts: tuple[str, ...] = ()
    variants: Literal["", "all", "optimizers"] = ""
    recorded: Literal["", "claims", "figures"] = ""
    asked: str = ""
    kinds: dict[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        if self.room not in ROOMS:
            raise CatalogueError(f"table {self.name}: no room {self.room}; {', '.join(ROOMS)}")
        found = {}
        for name, text in self.columns.items():
            kind, _, holds = text.partition(" ")
            if kind not in KINDS or not holds:
                raise CatalogueError(
                    f"{self.room}.{self.name}, column {name} = {text!r}: write a kind "
                    f"({', '.join(KINDS)}), a space and what it holds"
                )
            found[name] = Column(kind, holds)
        object.__setattr__(self, "kinds", found)

    @property
    def key(self) -> str:
        """room.name, unique in the project."""
        return f"{self.room}.{self.name}"

    def check(self, table: pd.DataFrame) -> None:
        """Is a table as declared?

        An empty table needs the columns only: without rows there are no kinds.

        Args:
            table: to look at.

        Raises:
            CatalogueError: its columns are others or in another order, one is of another kind, or
                one that may not has NaN; names the column.
        """
        found, wanted = list(table.columns), list(self.kinds)
        if found != wanted:
            missing = ", ".join(name for name in wanted if name not in found)
            raise CatalogueError(
                f"table {self.key} has the columns {', '.join(map(str, found))}; declared are "
                f"{', '.join(wanted)}" + (f"; missing: {missing}" if missing else "")
            )
        for name, column in self.kinds.items() if len(table) else ():
            values = table[name]
            if values.dtype.kind not in KINDS[column.kind]:
                raise CatalogueError(f"{self.key}.{name} is {values.dtype}, not {column.kind}")
            if column.kind != "float?" and values.isna().any():
                raise CatalogueError(f"{self.key}.{name} has NaN among its values ({column.kind})")


@cache
def catalogue() -> dict[str, Table]:
    """All tables, from every module of this package that has a list TABLES.

    Returns:
        room.name -> declaration, in order of declaration.

    Raises:
        CatalogueError: a table is declared twice.
    """
    found: dict[str, Table] = {}
    for module in modules_of(__package__ or ""):
        for table in getattr(import_module(module), "TABLES", ()):
            if table.key in found:
                raise CatalogueError(f"table {table.key} is declared twice")
            found[table.key] = table
    return found


def table_named(room: str, name: str) -> Table:
    """The declaration of a table.

    Args:
        room: toy, theory, language, across or results.
        name: of the table.

    Returns:
        its declaration.

    Raises:
        CatalogueError: there is none such; names it and what the room has.
    """
    try:
        return catalogue()[f"{room}.{name}"]
    except KeyError:
        known = ", ".join(t.name for t in of_room(room)) or "nothing"
        raise CatalogueError(f"no table {name!r} is declared for {room}, only {known}") from None


def of_room(room: str) -> list[Table]:
    """The tables of a room, in order of declaration.

    Args:
        room: toy, theory, language, across or results.

    Returns:
        their declarations.
    """
    return [table for table in catalogue().values() if table.room == room]


def check_reads(who: str, room: str, names: tuple[str, ...]) -> None:
    """Are the tables that something reads declared?

    Args:
        who: reads, for the message.
        room: of the tables.
        names: of the tables.

    Raises:
        CatalogueError: one is not declared; names who reads it, and what the room has.
    """
    for name in names:
        try:
            table_named(room, name)
        except CatalogueError as error:
            raise CatalogueError(f"{who} reads a table that is not there: {error}") from error
