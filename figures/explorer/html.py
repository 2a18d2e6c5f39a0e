"""The page around the views: skeleton, controls, panels, packed tables."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any

from figures.explorer.packing import pack
from figures.explorer.parts import Key, Panel, View, address

HERE = Path(__file__).parent
RUN = ".venv/bin/snakemake --cores 2"
SCALE = ' <span class="scale">helps <i></i> harms</span>'
SETTINGS = ("setting ", "variant ", "model ")  # told to the views, not to the reader
COMMANDS = {"toy": f"{RUN} toy", "theory": f"{RUN} theory", "language": f"{RUN} language"}


def write_page(views: Iterable[View], told: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        views: in the order of the tabs.
        told: where the tables come from, shown at the foot: words by name.

    Returns:
        HTML that needs nothing else.
    """
    views = [*views]
    tables = {f"{v.name}.{name}": table for v in views for name, table in v.tables.items()}
    keys = {key.name: key for view in views for key in view.keys}
    packed = {name: pack(table) for name, table in tables.items()}
    page = {
        "tab": views[0].name,
        "views": {view.name: [key.name for key in view.keys] for view in views},
        "keys": {
            name: {"by": key.by, "start": key.start, "choices": key.choices}
            for name, key in keys.items()
        },
        "tables": {name: {"by": table.by} for name, table in tables.items()},
        "pictures": {name: data for view in views for name, data in view.pictures.items()},
        "panels": {p.name: told_panel(v, p) for v in views for p in v.panels if drawn(v, p)},
    }
    scripts = [
        f'<script type="text/plain" id="{html.escape(f"{name}/{part}")}">{text}</script>'
        for name, parts in packed.items()
        for part, text in parts.items()
    ]
    return Template(text_of("explorer.html")).substitute(
        style=text_of("explorer.css"),
        tabs="".join(tab(view) for view in views),
        views="\n".join(section(view) for view in views),
        told=provenance(told),
        tables="\n".join(scripts),
        page=json.dumps(page, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/"),
        library=library(),
        script=text_of("explorer.js"),
    )


@cache
def library() -> str:
    """The JavaScript of the charts, as `vegaEmbed`."""
    import vl_convert

    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return text.replace("</script", "<\\/script")


def text_of(name: str) -> str:
    """A file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def drawn(view: View, panel: Panel) -> bool:
    """Whether the first table that a panel draws is there."""
    return next(iter(panel.data.values())).table in view.tables


def told_panel(view: View, panel: Panel) -> dict[str, Any]:
    """What the page's script needs of a panel."""
    data = {
        name: {"table": f"{view.name}.{query.table}", "where": dict(query.where)}
        for name, query in panel.data.items()
    }
    told = {"tab": view.name, "kind": panel.kind, "data": data, "picks": dict(panel.picks)}
    if panel.kind == "chart":
        return told | {"chart": panel.chart, "params": panel.params}
    return told | {"template": panel.template, "none": panel.none}


def tab(view: View) -> str:
    """The link to a view."""
    return f'<a href="{address(view.name, {})}" data-to="{view.name}">{view.title}</a>'


def section(view: View) -> str:
    """A view."""
    controls = "".join(control(key) for key in view.keys if key.control in ("select", "range"))
    walks = "".join(control(key) for key in view.keys if key.control == "play")
    tries = "; ".join(
        f'<a href="{html.escape(address(view.name, state))}">{html.escape(words)}</a>'
        for words, state in view.tries
    )
    return (
        f'<section data-view="{view.name}" aria-label="{view.title}" hidden>'
        f'<p class="intro">{view.intro}</p>'
        + (f'<p class="tries">Try: {tries}.</p>' if tries else "")
        + (f'<div class="controls">{controls}</div>' if controls else "")
        + (f'<div class="controls walk">{walks}</div>' if walks else "")
        + (f'<div class="panels">{figures(view)}</div>' if view.panels else "")
        + view.body
        + "</section>"
    )


def control(key: Key) -> str:
    """A native input with its label."""
    name, label = f"control-{key.name}", html.escape(key.label)
    if key.control == "select":
        inside = f'<select id="{name}" data-key="{key.name}"></select>'
    else:
        inside = (
            '<span class="row">'
            + (
                f'<button type="button" data-play="{key.name}">▶ play</button>'
                if key.control == "play"
                else ""
            )
            + f'<input type="range" id="{name}" data-key="{key.name}" min="0" step="1">'
            f'<output for="{name}"></output></span>'
        )
    says = f"<small>{html.escape(key.says)}</small>" if key.says else ""
    label = f'<label for="{name}">{label}</label>'
    return f'<div class="control {key.control}">{label}{inside}{says}</div>'


def figures(view: View) -> str:
    """The panels of a view, those of a stack in a box of their own."""
    found = []
    for stack, group in groupby(view.panels, key=lambda panel: panel.stack):
        panels = [*group]
        inside = "".join(figure(view, panel) for panel in panels)
        place = f"grid-column: span {panels[0].wide}"
        found.append(f'<div style="{place}">{inside}</div>' if stack else inside)
    return "".join(found)


def figure(view: View, panel: Panel) -> str:
    """A panel, or the sentence on what is missing for it."""
    title = f"<h2>{html.escape(panel.title)}</h2>" if panel.title else ""
    place = "" if panel.stack else f"grid-column: span {panel.wide}"
    if not drawn(view, panel):
        body = f'<p class="missing">{missing(panel.reads[0])}</p>'
        return f'<figure class="panel" style="{place}">{title}{body}</figure>'
    room = f' style="min-height: {panel.height}px"' if panel.kind == "chart" else ""
    caption = html.escape(panel.says) + (SCALE if panel.scale else "")
    live = ' aria-live="polite"' if panel.kind == "sentences" else ""
    tag = "p" if panel.kind == "sentences" else "div"
    return (
        f'<figure class="panel {panel.kind}" id="{panel.name}" style="{place}"'
        f' aria-label="{html.escape(panel.title or panel.says)}">{title}'
        f'<{tag} class="drawing"{room}{live}></{tag}>'
        + (f"<figcaption>{caption}</figcaption>" if panel.kind != "sentences" else "")
        + f'<p class="when-absent">{missing(panel.reads[0], here=True)}</p></figure>'
    )


def missing(table: str, *, here: bool = False) -> str:
    """The sentence on a table that is not there, with the command that makes it."""
    what = "for what is chosen here" if here else "here"
    return (
        f"The table <code>{html.escape(table)}</code> is not there {what}; "
        f"<code>{COMMANDS[table.partition('.')[0]]}</code> makes it."
    )


def provenance(told: Mapping[str, str]) -> str:
    """Where the tables come from."""
    shown = {name: words for name, words in told.items() if not name.startswith(SETTINGS)}
    lines = [f"<li>{html.escape(name)}: {html.escape(words)}</li>" for name, words in shown.items()]
    return f"<ul>{''.join(lines)}</ul>" if lines else ""
