"""The commands a newcomer needs: `stagewise show` and `stagewise figure`."""

from __future__ import annotations

import json
import webbrowser
from typing import Annotated

import typer

from stagewise.cli.complete import figures_for, models_for
from stagewise.cli.options import Given, command
from stagewise.cli.panels import START

front = typer.Typer()

Model = Annotated[
    str | None,
    typer.Option(help="Language model, where it is about one.", autocompletion=models_for),
]


@command(front, "show", panel=START)
def show(
    given: Given,
    browser: Annotated[bool, typer.Option(help="Open the explorer in the browser.")] = True,
) -> None:
    """Print the claims of a finished run and open its explorer in the browser."""
    explorer = given.paths.root / "explorer.html"
    if not given.paths.claims.is_file() and not explorer.is_file():
        raise FileNotFoundError(nothing(given))
    if given.paths.claims.is_file():
        print_claims(given)
    else:
        typer.echo(f"no claims in {given.paths.root} yet: {given.snakemake('claims')}")
    if not explorer.is_file():
        typer.echo(f"no explorer in {given.paths.root} yet: {given.stagewise('explorer')}")
        return
    address = explorer.resolve().as_uri()
    if not (browser and webbrowser.open(address)):
        typer.echo(f"explorer: {address}")


def nothing(given: Given) -> str:
    """What to say where nothing is there to be shown."""
    return (
        f"nothing to show in {given.paths.root}: {given.snakemake('all')} runs everything, "
        f"{given.stagewise('explorer')} draws the explorer from the recorded tables"
    )


def print_claims(given: Given) -> None:
    """The claims table, fitted to the terminal.

    Raises:
        FileNotFoundError: the claims were not decided yet; names the command that does.
    """
    from rich.console import Console
    from rich.table import Table

    paths = given.paths
    if not paths.claims.is_file():
        raise FileNotFoundError(f"no claims in {paths.root} yet: {given.snakemake('claims')}")
    table = Table("", "claim", "measured", "verdict", show_lines=True)
    for name, claim in json.loads(paths.claims.read_text(encoding="utf-8")).items():
        table.add_row(name, claim["claim"], claim["measured"], claim["verdict"])
    console = Console()
    console.width = max(console.width, 110)
    console.print(table)
    console.print(f"predictions, intervals and reasons: {paths.claims_page}")


@command(front, "figure", panel=START)
def figure(
    given: Given,
    name: Annotated[
        str,
        typer.Argument(
            help="A script in figures/, without .py; all: every one of a recorded model.",
            autocompletion=figures_for,
        ),
    ],
    model: Model = None,
) -> None:
    """Draw one figure from the tables that are there: PDF, SVG and PNG; or say what is missing."""
    from figures import scripts
    from stagewise.cli.missing import check_figure
    from stagewise.tasks.merge.figures import draw_named

    if name in scripts():
        check_figure(given, name, model)
    for path in draw_named(given.config, given.paths, name, model):
        typer.echo(f"wrote {path}")
