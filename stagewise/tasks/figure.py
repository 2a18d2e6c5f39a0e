"""Stage: draw one figure."""

from __future__ import annotations

from pathlib import Path

from figures import figures_of, of_room, scripts
from figures.style.common import Tables, save
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.recorded import FOLDER, KEPT, choose, of_record, own, tables_elsewhere
from stagewise.provenance.store import read_table

TABLES, THEORY_TABLES = of_room("toy"), of_room("theory")
LANGUAGE_TABLES, ACROSS_TABLES = of_room("language"), of_room("across")


def load_tables(config: Config, paths: Paths, figure: str) -> Tables:
    """The tables of a figure of the toy or of the theory, with the run's hierarchy and focus."""
    if figure in THEORY_TABLES:
        tables = Tables({name: read_table(paths.theory(name)) for name in THEORY_TABLES[figure]})
    else:
        tables = Tables({name: read_table(paths.whole(name)) for name in TABLES[figure]})
    tables.tree = config.toy.tree
    tables.focus = config.toy.tree.focus(config.toy.focus)
    return tables


def load_language_tables(
    config: Config, paths: Paths, model: str, figure: str, folder: Path = FOLDER
) -> Tables:
    """The tables a figure of a language model names, and which run they are from: this one, or
    the recorded one where it has more seeds and holds all of them, or is of another
    configuration."""
    place, tables, runs = paths.language(model), Tables(), []
    names = LANGUAGE_TABLES[figure]
    kept, elsewhere = set(names) <= set(KEPT), tables_elsewhere(model, folder)
    for name in names:
        path = place.table(name, config.seed)
        if model in config.language.recorded:
            tables[name], run_ = of_record(elsewhere[name])
            run_ += f", {config.language.recorded[model]}"
        else:
            tables[name], run_ = choose(config, model, path) if kept else own(path)
        runs.append(run_)
    tables.run = "; ".join(dict.fromkeys(runs))
    tables.model = model
    return tables


def load_across(paths: Paths, figure: str) -> Tables:
    """The tables of a figure of all language models: of this run, or kept in the repository."""
    places = {"sizes": paths.sizes.parent, "cost": FOLDER / "cost"}
    return Tables(
        {name: read_table(places[figure] / f"{name}.parquet") for name in ACROSS_TABLES[figure]}
    )


def run(config: Config, paths: Paths, name: str, model: str | None = None) -> None:
    """Draw figures/<name>.py into the figures folder: PDF, SVG, PNG; "all": every figure of a
    recorded model.

    Raises:
        ValueError: there is no such figure, or it needs a language model and none is named.
    """
    if name == "all" and model in config.language.recorded:
        for each in figures_of(tables_elsewhere(model)):
            run(config, paths, each, model)
        return
    if name in TABLES or name in THEORY_TABLES:
        tables, stem = load_tables(config, paths, name), name
    elif name in ACROSS_TABLES:
        tables, stem = load_across(paths, name), name
    elif name in LANGUAGE_TABLES:
        here = [m for m in config.language.recorded if name in figures_of(tables_elsewhere(m))]
        if model not in (*config.language.models, *here):
            allowed = ", ".join((*config.language.models, *here)) or "none"
            raise ValueError(f"figure {name!r} shows a language model, not {model!r}: {allowed}")
        tables = load_language_tables(config, paths, model, name)
        stem = f"{name}_{model}"
    else:
        known = (*TABLES, *THEORY_TABLES, *LANGUAGE_TABLES, *ACROSS_TABLES)
        raise ValueError(f"figure {name!r}: choose one of {', '.join(known)}")
    save(scripts()[name].draw(tables), paths.figures / stem)
