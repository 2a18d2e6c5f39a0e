"""Stage: draw one figure."""

from __future__ import annotations

import importlib

from figures import TABLES
from figures.style import Tables, save
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.store import read_table


def load_tables(config: Config, paths: Paths, names: tuple[str, ...]) -> Tables:
    """The tables a figure names, with the hierarchy and the focus of the run."""
    tables = Tables({name: read_table(paths.table(name)) for name in names})
    tables.tree = config.toy.tree
    tables.focus = config.toy.tree.focus(config.toy.focus)
    return tables


def run(config: Config, paths: Paths, name: str) -> None:
    """Draw figures/<name>.py into the figures folder: PDF, SVG, PNG.

    Raises:
        ValueError: there is no such figure.
    """
    if name not in TABLES:
        raise ValueError(f"figure {name!r}: choose one of {', '.join(TABLES)}")
    tables = load_tables(config, paths, TABLES[name])
    save(importlib.import_module(f"figures.{name}").draw(tables), paths.figures / name)
