"""What a view of the explorer consists of: keys of the state, panels, and tables cut to size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Where = Mapping[str, "str | dict[str, Any]"]  # column -> key of the state, or {"is": a constant}
Choices = Mapping[str, list[tuple[Any, str]]]  # by value of another key ("": always the same)


@dataclass(frozen=True)
class Key:
    """One thing the reader can change; it stands in the address.

    Attributes:
        name: in the address and as a parameter of the charts.
        label: of its control.
        choices: values with their words, by the value of the key `by`.
        start: the value at first, where it is among the choices; else the first choice.
        by: another key, whose value decides what the choices are.
        control: select, range (a slider over the choices), play (with a button that walks), or
            none (set by clicks only).
        says: one sentence of help, shown beside the control.
    """

    name: str
    label: str
    choices: Choices
    start: Any = None
    by: str = ""
    control: str = "select"
    says: str = ""


@dataclass(frozen=True)
class Query:
    """Rows of a packed table: those whose columns equal keys of the state, or are nearest to them.

    Attributes:
        table: name of the packed table.
        where: column -> key, or {"is": constant}.
    """

    table: str
    where: Where = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """A part of a view.

    Attributes:
        name: unique in the page.
        title: above it.
        says: what it shows, for those who do not see it and as a caption.
        reads: keys of the catalogue; without the first the panel is a sentence instead.
        data: datasets by name; without rows for the first, the panel is a sentence instead.
        kind: chart, passage (tokens in a row) or sentences (a template per row).
        chart: the Vega-Lite specification (chart).
        params: keys of the state that the chart has as parameters.
        picks: key of the state -> column; a click on a mark sets them.
        template: of a sentence per row of the first dataset; {name}: a column or a key.
        none: the sentence where there are no rows.
        scale: whether the colours of helping and harming are explained under it.
        wide: columns of the grid it takes, of 12.
        stack: panels in a row with the same name here stand below each other, as one.
        height: of the chart, pixels; kept free before it is drawn.
    """

    name: str
    title: str
    says: str
    reads: tuple[str, ...]
    data: Mapping[str, Query]
    kind: str = "chart"
    chart: dict[str, Any] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    picks: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    none: str = ""
    scale: bool = False
    wide: int = 6
    stack: str = ""
    height: int = 200


@dataclass
class Packed:
    """A table for the page.

    Attributes:
        rows: with the columns shown only.
        by: column by whose values it is cut into parts, and key of the state that picks one.
        digits: decimals (negative: significant digits) kept of a column; others keep 5 digits.
    """

    rows: pd.DataFrame
    by: str = ""
    digits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One of the explorer's pages.

    Attributes:
        name: in the address, as in #tab=toy.
        title: of the tab.
        intro: what to do here, HTML of our own.
        keys: of the state, those that others depend on first.
        panels: in order.
        tables: packed, by name.
        tries: links to states worth seeing: words, and key -> value.
        body: HTML of our own in place of panels.
        pictures: addresses with their data, by name of the figure.
    """

    name: str
    title: str
    intro: str
    keys: tuple[Key, ...] = ()
    panels: tuple[Panel, ...] = ()
    tables: Mapping[str, Packed] = field(default_factory=dict)
    tries: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    body: str = ""
    pictures: Mapping[str, str] = field(default_factory=dict)


def address(tab: str, state: Mapping[str, Any]) -> str:
    """The address of a state.

    Args:
        tab: name of the view.
        state: key -> value.

    Returns:
        what stands after the page's name.

    Example:
        >>> address("toy", {"source": "dog", "step": 200})
        '#tab=toy&source=dog&step=200'
    """
    from urllib.parse import urlencode

    return "#" + urlencode({"tab": tab, **state})
