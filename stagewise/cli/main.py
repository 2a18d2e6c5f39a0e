"""The command line: every stage of the pipeline as a plain command."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from stagewise.bundles.anew import VARIABLE
from stagewise.cli.archive import archive
from stagewise.cli.benchmark import benchmark
from stagewise.cli.complete import models_for, parts_for
from stagewise.cli.front import front, print_claims
from stagewise.cli.language import known, language
from stagewise.cli.options import Given, command
from stagewise.cli.panels import STAGES, START, UPKEEP, Ordered
from stagewise.cli.theory import theory
from stagewise.cli.toy import toy
from stagewise.config import ConfigError

# typer: options from type hints, help for free; tasks import torch only when called.
app = typer.Typer(cls=Ordered, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(front)
app.add_typer(archive)
app.add_typer(toy, name="toy", rich_help_panel=STAGES)
app.add_typer(theory, name="theory", rich_help_panel=STAGES)
app.add_typer(language, name="language", rich_help_panel=STAGES)
app.add_typer(benchmark, name="benchmark", rich_help_panel=UPKEEP)

Model = Annotated[
    str | None,
    typer.Option(help="Language model, where it is about one.", autocompletion=models_for),
]
ROOMS = {
    "toy": "claims_toy", "theory": "claims_theory", "language": "claims_language",
    "recorded": "claims_recorded",
}  # fmt: skip


@app.callback()
def stagewise() -> None:
    """Stagewise data attribution: which training data mattered, and when.

    To begin: run, then show. Every command tells more with --help.
    """


@command(app, "events", panel=STAGES)
def events(given: Given) -> None:
    """Put the events of the toy and of the language models into one table."""
    given.perform("merge_events")


@command(app, "claims", panel=START)
def claims(
    given: Given,
    room: Annotated[
        str,
        typer.Argument(
            help=f"all (merged), or {', '.join(ROOMS)}.",
            autocompletion=lambda incomplete: [
                each for each in ("all", *ROOMS) if each.startswith(incomplete)
            ],
        ),
    ] = "all",
    model: Model = None,
    show: Annotated[bool, typer.Option(help="Print the finished table, decide nothing.")] = False,
) -> None:
    """Decide the claims of one room from its tables, or put those of all rooms together."""
    if show:
        print_claims(given)
        return
    known("room", room, ("all", *ROOMS))
    if room == "all":
        given.perform("merge_claims")
        print_claims(given)
    elif model is None:
        given.perform(ROOMS[room])
    else:
        given.perform(ROOMS[room], model=model)


@command(app, "times", panel=START)
def times(given: Given) -> None:
    """Print where the time of the last run of Snakemake went, by rule."""
    from stagewise.pages.times import times_lines

    for line in times_lines(given.paths):
        typer.echo(line)


@command(app, "explorer", panel=START)
def explorer(
    given: Given,
    recorded: Annotated[bool, typer.Option(help="From the recorded tables alone.")] = False,
) -> None:
    """Write the explorer, a page for the browser, from the tables that are there."""
    from stagewise.tasks.merge.explorer import write_explorer

    typer.echo(write_explorer(given.config, given.paths, recorded_only=recorded))


@command(app, "record", panel=UPKEEP)
def record(given: Given) -> None:
    """Keep in the repository what the explorer shows of a finished run of the default."""
    from stagewise.tasks.merge.explorer_record import record_default

    for path in record_default(given.config, given.paths):
        typer.echo(f"wrote {path}")


@command(app, "run", threads=1, device="auto", panel=START)
def run(
    given: Given,
    part: Annotated[
        str,
        typer.Argument(
            help="all, toy, theory, language, figures, claims or a task's name.",
            autocompletion=parts_for,
        ),
    ] = "all",
) -> None:
    """Do what the pipeline does, without Snakemake: every job whose files are missing or stale."""
    from stagewise.cli.options import device_named
    from stagewise.tasks.everything import run_part

    run_part(
        given.config, given.paths, part, threads=given.threads, device=device_named(given.device)
    )


@command(app, "stage", threads=1, panel=UPKEEP)
def stage(
    given: Given,
    name: Annotated[str, typer.Argument(help="A rule that does many short jobs at once.")],
    model: Model = None,
    anew: Annotated[
        bool, typer.Option(envvar=VARIABLE, help="Also what is neither missing nor stale.")
    ] = False,
) -> None:
    """Do the jobs of one rule in one process: those whose files are missing or stale."""
    from stagewise.bundles.bundle import bundles
    from stagewise.cli.options import limit_threads
    from stagewise.tasks.everything import run_jobs

    known("stage", name, bundles())
    limit_threads(given.threads)
    found, one = bundles()[name], {} if model is None else {"model": model}
    if one not in found.jobs(given.config):
        allowed = ", ".join(each.get("model", "") for each in found.jobs(given.config)) or "none"
        raise ConfigError(f"--model {model}: choose one of {allowed}")
    members = found.planned(found.job(given.config, given.paths, **one))
    run_jobs(members, anew=anew, threads=given.threads)


@app.command("schema", rich_help_panel=UPKEEP)
def schema() -> None:
    """Write what follows from the types: JSON schema, default configuration, reference pages."""
    from stagewise.config.schema import write
    from stagewise.pages.readme import renew_declared

    for path in (*write(), *renew_declared(app)):
        typer.echo(f"wrote {path}")


@app.command("power", rich_help_panel=UPKEEP)
def power(
    replicates: Annotated[int, typer.Option(min=1, help="Draws of every world.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    renew: Annotated[bool, typer.Option(help="Renew the table in docs/ too.")] = False,
) -> None:
    """Run every rule of verdict on synthetic tables whose truth is known, and print how often it is
    right."""
    from analysis.claims.power.base import power_table, truths
    from stagewise.cli.options import progress_bar
    from stagewise.pages.blocks import with_block
    from stagewise.pages.power import PAGE, power_block
    from stagewise.provenance.store import write_text

    with progress_bar("rules of verdict", len(truths())) as advance:
        block = power_block(power_table(replicates, seed, advance))
    if renew:
        write_text(with_block(PAGE.read_text(encoding="utf-8"), "power", block), PAGE)
    typer.echo(block)


@command(app, "readme", panel=UPKEEP)
def readme(given: Given) -> None:
    """Renew the generated parts of the README and of docs/ from a finished run."""
    from stagewise.pages.readme import renew

    renew(given.config, given.paths, app)


EXPECTED = (ValueError, OSError, RuntimeError, FloatingPointError, MemoryError)


def main() -> None:
    """Entry point: expected errors become one line and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    for chatty in ("arviz", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        app(prog_name="stagewise")
    except EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
