"""The command line: every stage of the pipeline as a plain command."""

from __future__ import annotations

import json
import logging
import sys
from typing import Annotated

import typer

from stagewise.cli.benchmark import benchmark
from stagewise.cli.language import known, language
from stagewise.cli.options import Given, command
from stagewise.cli.theory import theory
from stagewise.cli.toy import toy
from stagewise.paths import Paths

# typer: options from type hints, help for free; tasks import torch only when called.
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(toy, name="toy")
app.add_typer(language, name="language")
app.add_typer(theory, name="theory")
app.add_typer(benchmark, name="benchmark")

Model = Annotated[str | None, typer.Option(help="Language model, where it is about one.")]
ROOMS = {
    "toy": "claims_toy", "theory": "claims_theory", "language": "claims_language",
    "recorded": "claims_recorded",
}  # fmt: skip


@command(app, "events")
def events(given: Given) -> None:
    """Put the events of the toy and of the language models into one table."""
    given.perform("merge_events")


@command(app, "claims")
def claims(
    given: Given,
    room: Annotated[str, typer.Argument(help=f"all (merged), or {', '.join(ROOMS)}")] = "all",
    model: Model = None,
    show: Annotated[bool, typer.Option(help="Print the finished table, decide nothing.")] = False,
) -> None:
    """Decide the claims of one room from its tables, or put those of all rooms together."""
    if show:
        print_claims(given.paths)
        return
    known("room", room, ("all", *ROOMS))
    if room == "all":
        given.perform("merge_claims")
        print_claims(given.paths)
    elif model is None:
        given.perform(ROOMS[room])
    else:
        given.perform(ROOMS[room], model=model)


def print_claims(paths: Paths) -> None:
    """The claims table, fitted to the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "claim", "measured", "verdict", show_lines=True)
    for name, claim in json.loads(paths.claims.read_text(encoding="utf-8")).items():
        table.add_row(name, claim["claim"], claim["measured"], claim["verdict"])
    console = Console()
    console.width = max(console.width, 110)
    console.print(table)
    console.print(f"predictions, intervals and reasons: {paths.claims_page}")


@command(app, "figure")
def figure(
    given: Given,
    name: Annotated[str, typer.Argument(help="A script in figures/, without .py, or all")],
    model: Model = None,
) -> None:
    """Draw one figure from the saved tables: PDF, SVG and PNG."""
    from stagewise.tasks.merge.figures import draw_named

    draw_named(given.config, given.paths, name, model)


@command(app, "run", threads=1, device="auto")
def run(
    given: Given,
    part: Annotated[
        str, typer.Argument(help="all, toy, theory, language, figures, claims or a task's name")
    ] = "all",
) -> None:
    """Do what the pipeline does, without Snakemake: every job whose files are missing or stale."""
    from stagewise.cli.options import device_named
    from stagewise.tasks.everything import run_part

    run_part(
        given.config, given.paths, part, threads=given.threads, device=device_named(given.device)
    )


@app.command("schema")
def schema() -> None:
    """Write the JSON schema and the documented default configuration."""
    from stagewise.config.schema import write

    for path in write():
        typer.echo(f"wrote {path}")


@command(app, "readme")
def readme(given: Given) -> None:
    """Renew the generated parts of the README and of docs/ from a finished run."""
    from stagewise.pages.readme import renew

    renew(given.config, given.paths)


EXPECTED = (ValueError, OSError, RuntimeError, FloatingPointError, MemoryError)


def main() -> None:
    """Entry point: expected errors become one line and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    for chatty in ("arviz", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        app()
    except EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
