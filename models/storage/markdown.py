"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; cells as `str` writes them, a bar in one escaped.

    >>> print(markdown_table(["class", "loss"], [["a|b", 0.5]]))
    | class | loss |
    |---|---|
    | a\\|b | 0.5 |

    Args:
        head: the columns.
        rows: their cells.

    Returns:
        its lines.
    """

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|---" * len(head) + "|", *map(line, rows)])
