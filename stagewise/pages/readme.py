"""Renew what is generated of the README and of docs/, from a finished run and from declarations."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from stagewise.config import Config
from stagewise.pages.blocks import with_block
from stagewise.pages.claims_page import claims_page
from stagewise.pages.commands import commands_page
from stagewise.pages.configuration import configuration_page
from stagewise.pages.findings import findings
from stagewise.pages.reference import (
    estimators_table,
    figures_table,
    registered_estimators,
    tables_page,
)
from stagewise.pages.rules import rules_table
from stagewise.paths import Paths
from stagewise.provenance.store import write_text
from stagewise.root import ROOT

README, DOCS = ROOT / "README.md", ROOT / "docs"
PICTURES, REFERENCE = DOCS / "pictures", DOCS / "reference"
IN_DOCS = "pictures/{figure}.png"


def renew(config: Config, paths: Paths, commands: typer.Typer) -> None:
    """Renew the pictures of docs/ that the run has, its claims page, and every generated block.

    `commands` is the command line; it stands above pages and calls them.
    """
    for picture in sorted(PICTURES.glob("*.png")):
        drawn = paths.figures / picture.name
        if drawn.is_file():
            picture.write_bytes(drawn.read_bytes())
    claims = json.loads(paths.claims.read_text(encoding="utf-8"))
    write_text(claims_page(claims, IN_DOCS, shown), DOCS / "claims.md")
    for path, name, block in (
        (README, "findings", findings(claims)),
        (REFERENCE / "figures.md", "figures", figures_table(config, paths)),
        (REFERENCE / "rules.md", "rules", rules_table(config, paths)),
        (REFERENCE / "tables.md", "tables", tables_page(config, paths)),
        (REFERENCE / "estimators.md", "estimators", estimators_table(registered_estimators())),
    ):
        write_text(with_block(path.read_text(encoding="utf-8"), name, block), path)
    renew_declared(commands)


def renew_declared(commands: typer.Typer) -> list[Path]:
    """Renew the pages that follow from the code alone, and return their paths."""
    written = []
    for name, block in declared(commands).items():
        path = REFERENCE / f"{name}.md"
        write_text(with_block(path.read_text(encoding="utf-8"), name, block), path)
        written.append(path)
    return written


def declared(commands: typer.Typer) -> dict[str, str]:
    """The generated block of every page that needs no run, by the page's name."""
    return {"configuration": configuration_page(), "commands": commands_page(commands)}


def shown(figure: str) -> bool:
    """Whether a figure has a picture in docs/."""
    return (PICTURES / f"{figure}.png").is_file()
