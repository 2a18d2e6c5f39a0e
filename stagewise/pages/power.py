"""How often every rule of verdict is right where the truth is known, on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.storage.markdown import markdown_table
from stagewise.root import ROOT

if TYPE_CHECKING:
    import pandas as pd

PAGE = ROOT / "docs/explanation/rules-of-verdict.md"
SHOWN = ("replicated", "partly", "undecided", "not replicated")


def power_block(table: pd.DataFrame) -> str:
    """Every world as a row: claim, what is true there, whether the claim holds, shares of verdicts
    in percent. `table` is that of `analysis.claims.power.base.power_table`."""
    rows = [
        (
            row["claim"], row["truth"], row["holds"],
            *(f"{100 * row[verdict]:.0f}" if row[verdict] else "" for verdict in SHOWN),
        )
        for _, row in table.iterrows()
    ]  # fmt: skip
    head = ("claim", "what is true", "the claim holds", *(f"{v}, %" for v in SHOWN))
    count = int(table["replicates"].min())
    return f"{count} draws of every world.\n\n" + markdown_table(head, rows) + "\n"
