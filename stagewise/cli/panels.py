"""The groups of `stagewise --help`, and the order in which commands stand there."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

# Titles of the groups: what a command gives as its panel.
START, STAGES, UPKEEP = "Start here", "Stages", "Upkeep"
ORDER = (
    "run", "show", "figure", "explorer", "claims", "times",
    "toy", "theory", "language", "events",
    "stage", "schema", "readme", "power", "archive", "record", "benchmark",
)  # fmt: skip


class Ordered(TyperGroup):
    """Commands in the order above, whichever file registers them; others at the end."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands; ctx: click's context."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
