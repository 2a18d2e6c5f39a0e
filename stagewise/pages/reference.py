"""The reference pages: figures, tables and estimators, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.estimators.base import registered
from analysis.tables.catalogue import Table, catalogue
from figures import Script, scripts
from models.storage.markdown import markdown_table
from stagewise.bundles.bundle import bundles
from stagewise.bundles.stamps import seconds_of
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.registry import tasks

MODEL, SEED = "{model}", "{seed}"
DRAWN_BY = ("draw", "draw_across", "draw_language")  # tasks


def figures_table(config: Config, paths: Paths) -> str:
    """Every figure: what it shows, the tables it reads, the rules that make these, its seconds.

    Figures of language models are named for the first one.
    """
    model, made_by, rows = next(iter(config.language.models), None), makers(config, paths), []
    for script in scripts().values():
        if script.room == "language" and model is None:
            continue
        name = f"{script.name}_{model}" if script.room == "language" else script.name
        keys = [f"{script.room}.{table}" for table in script.reads]
        rules = dict.fromkeys(f"`{made_by[key]}`" for key in keys if key in made_by)
        rows.append((f"`{name}`", script.shows, reads(script), ", ".join(rules) or "recorded",
                     drawn_in(paths, name)))  # fmt: skip
    head = ("figure", "shows", "reads", "from rules", "seconds")
    return markdown_table(head, rows) + "\n"


def reads(script: Script) -> str:
    """The tables of a figure, linked to their columns."""
    keys = ((table, f"{script.room}.{table}") for table in script.reads)
    return ", ".join(f"[{table}](tables.md#{key})" for table, key in keys)


def drawn_in(paths: Paths, name: str) -> str:
    """Seconds that drawing a figure took, of a process that is there; a dash where it was not."""
    stamps = (seconds_of(paths, f"{task}_{name}") for task in DRAWN_BY)
    found = [seconds for seconds in stamps if seconds is not None]
    return f"{found[0]:.1f}" if found else "–"


def makers(config: Config, paths: Paths) -> dict[str, str]:
    """The rule that computes each table, by the table's room.name."""
    rule_of = {task: each.name for each in bundles().values() for task in each.members}
    writes = {
        path: rule_of.get(name, name)
        for name, found in tasks().items()
        for path in found.writes(found.pattern(config, paths))
    }
    found = {}
    for key, table in catalogue().items():
        by = next((writes[path] for path in files(table, paths) if path in writes), None)
        if by is not None:
            found[key] = by
    return found


def files(table: Table, paths: Paths) -> Iterator[Path]:
    """Where a table may be written: a run's part of it first, for that is where it is computed."""
    if table.room == "toy":
        yield paths.part(table.name, SEED)
        yield paths.whole(table.name)
    elif table.room == "language":
        place = paths.language(MODEL)
        yield from (place.part(name, SEED) for name in (*table.parts, table.name))
        yield place.whole(table.name)
        yield place.whole("{table}")
    elif table.room == "theory":
        yield paths.theory(table.name)
    elif table.room == "across":
        yield paths.across(table.name)
    else:
        yield paths.root / f"{table.name}.parquet"


def tables_page(config: Config, paths: Paths) -> str:
    """Every table: what it holds, the rule that makes it, its columns with kinds and units."""
    made_by, parts = makers(config, paths), []
    for key, table in catalogue().items():
        by = f"Rule `{made_by[key]}`." if key in made_by else "Kept in `recorded/`."
        rows = [(f"`{name}`", c.kind, shown_as_text(c.holds)) for name, c in table.kinds.items()]
        head = f'<a id="{key}"></a>\n\n## {key}\n\n{table.says} {by}\n\n'
        parts.append(head + markdown_table(("column", "kind", "holds"), rows))
    return "\n\n".join(parts) + "\n"


def shown_as_text(text: str) -> str:
    """A text in which Markdown finds no HTML, as <model> would be."""
    return text.replace("<", "\\<")


def estimators_table(rows: Iterable[tuple[str, str, str, str, str]]) -> str:
    """Estimators as a table.

    Args:
        rows: name, models, unit, what it needs, what it says, of each.
    """
    named = [(f"`{name}`", *rest) for name, *rest in rows]
    return markdown_table(("estimator", "of", "unit", "needs", "is"), named) + "\n"


def registered_estimators() -> list[tuple[str, str, str, str, str]]:
    """Name, models, unit, needs and sentence of every registered estimator, in order."""
    return [(e.name, e.models, e.unit, e.needs, e.says) for e in registered().values()]
