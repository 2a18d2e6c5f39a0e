"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    r"""A Markdown table; cells as `str` writes them, a bar in one escaped.

    Args:
        head: names of the columns.
        rows: cells, as many in each as there are columns.

    Returns:
        its lines, without a break at the end.

    Example:
        >>> print(markdown_table(["class", "loss"], [["a|b", 0.5]]))
        | class | loss |
        |---|---|
        | a\|b | 0.5 |
    """

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|---" * len(head) + "|", *map(line, rows)])
