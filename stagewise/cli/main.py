"""The command line: every stage of the pipeline as a plain command."""

from __future__ import annotations

import json
import logging
import sys
from typing import Annotated

import typer

from stagewise.cli.benchmark import benchmark
from stagewise.cli.language import language
from stagewise.cli.options import (
    Device,
    Files,
    Settings,
    Threads,
    device_named,
    limit_threads,
    load,
    progress_bar,
)
from stagewise.cli.theory import theory
from stagewise.config import ConfigError
from stagewise.paths import ESTIMATORS, EXACT, Paths

# typer: options from type hints, help for free; the stages import torch only when called.
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
toy = typer.Typer(no_args_is_help=True, help="Stages of the toy model.")
app.add_typer(toy, name="toy")
app.add_typer(language, name="language")
app.add_typer(theory, name="theory")
app.add_typer(benchmark, name="benchmark")

Seed = Annotated[int, typer.Option(help="Seed of the toy run.")]


@toy.command("train")
def toy_train(seed: Seed, configfile: Files = None, set_: Settings = None) -> None:
    """Train one toy network and keep its checkpoints."""
    from stagewise.tasks.toy import train

    limit_threads(1)
    config, paths = load(configfile, set_)
    train.run(config, seed, paths.checkpoints(seed))


@toy.command("influence")
def toy_influence(
    estimator: Annotated[str, typer.Argument(help=f"exact (all but bif), {', '.join(ESTIMATORS)}")],
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Influence by one estimator, for one run."""
    limit_threads(threads)
    config, paths = load(configfile, set_)
    checkpoints, output = paths.checkpoints(seed), paths.estimator(estimator, seed)
    if estimator != "bif":
        from stagewise.tasks.toy import exact

        for name in EXACT if estimator == "exact" else (estimator,):
            exact.run(config, name, checkpoints, paths.estimator(name, seed))
        return
    from analysis.sampling.posterior import cost
    from stagewise.tasks.toy import bif

    local = config.toy.posterior
    steps = len(range(0, config.toy.steps, config.toy.checkpoint_every)) + 1
    n = len(config.toy.tree.items)
    size = (n + len(config.toy.tree.features)) * config.toy.hidden_width
    logging.info(cost(local, anchors=steps, parameters=size, observed=n, threads=threads))
    with progress_bar("sampling", steps * local.chains * local.sgld_steps) as advance:
        bif.run(
            config,
            checkpoints,
            output,
            paths.part("diagnostics", seed),
            threads=threads,
            device=device_named(device),
            progress=advance,
        )


@toy.command("windows")
def toy_windows(seed: Seed, configfile: Files = None, set_: Settings = None) -> None:
    """Window ablation of one run."""
    from stagewise.tasks.toy import windows

    limit_threads(1)
    config, paths = load(configfile, set_)
    windows.run(config, paths.checkpoints(seed), paths.part("windows", seed))


@toy.command("limits")
def toy_limits(seed: Seed, configfile: Files = None, set_: Settings = None) -> None:
    """Strong localisation against instantaneous influence, for one run."""
    from stagewise.tasks.toy import limits

    limit_threads(1)
    config, paths = load(configfile, set_)
    limits.run(config, paths.checkpoints(seed), paths.part("limits", seed))


@toy.command("sweep")
def toy_sweep(configfile: Files = None, set_: Settings = None, threads: Threads = 1) -> None:
    """Sampler settings compared, on the first seed."""
    from stagewise.tasks.toy import sweep

    limit_threads(threads)
    config, paths = load(configfile, set_)
    chosen = config.toy.sweep
    points = len(range(0, config.toy.steps + 1, config.toy.checkpoint_every * chosen.every))
    total = sum(
        sweep.posterior_of(chosen, *setting).sgld_steps for setting in sweep.settings(chosen)
    )
    with progress_bar("sweep", total * points * chosen.chains) as advance:
        sweep.run(
            config,
            paths.checkpoints(config.seed),
            [paths.estimator(name, config.seed) for name in ("unrolled", "loo")],
            paths.whole("sweep"),
            threads=threads,
            progress=advance,
        )


@toy.command("collect")
def toy_collect(
    table: Annotated[str, typer.Argument(help="influence, diagnostics, windows or limits")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Put the tables of all seeds into one."""
    from stagewise.tasks.toy import collect

    config, paths = load(configfile, set_)
    if table == "influence":
        parts = [paths.estimator(e, seed) for e in ESTIMATORS for seed in config.toy_seeds]
    else:
        parts = [paths.part(table, seed) for seed in config.toy_seeds]
    collect.run(config, parts, paths.whole(table))


@toy.command("learning")
def toy_learning(configfile: Files = None, set_: Settings = None) -> None:
    """Losses, mode strengths, transitions and the hidden layer of all seeds."""
    from stagewise.tasks.toy import learning

    limit_threads(1)
    config, paths = load(configfile, set_)
    inputs = [paths.checkpoints(seed) for seed in config.toy_seeds]
    learning.run(config, inputs, {name: paths.whole(name) for name in learning.OUTPUTS})


@toy.command("window-curves")
def toy_window_curves(configfile: Files = None, set_: Settings = None) -> None:
    """Window ablation over all seeds, beside what influence predicts."""
    from stagewise.tasks.toy import window_curves

    config, paths = load(configfile, set_)
    names = ("windows", "trajectories", "limits", "window_curves", "limit_errors")
    window_curves.run(config, *(paths.whole(name) for name in names))


@toy.command("events")
def toy_events(configfile: Files = None, set_: Settings = None) -> None:
    """Flips and peaks of every influence curve of the toy."""
    from stagewise.tasks.toy import events

    config, paths = load(configfile, set_)
    events.run(config, paths.influence, paths.whole("events"), paths.whole("trajectories"))


@app.command("events")
def events_(
    models: Annotated[list[str] | None, typer.Argument(help="Language models.")] = None,
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Put the events of the toy and of some language models into one table."""
    from stagewise.tasks.toy import collect

    config, paths = load(configfile, set_)
    parts = [paths.whole("events"), *(paths.language(model).events for model in models or ())]
    collect.run(config, parts, paths.events)


@app.command("claims")
def claims_(
    configfile: Files = None,
    set_: Settings = None,
    show: Annotated[bool, typer.Option(help="Print the finished table, decide nothing.")] = False,
) -> None:
    """Decide every claim from the result tables."""
    config, paths = load(configfile, set_)
    if not show:
        from stagewise.tasks import claims

        claims.run(config, paths)
    _print_claims(paths)


def _print_claims(paths: Paths) -> None:
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


@app.command("figure")
def figure_(
    name: Annotated[str, typer.Argument(help="A script in figures/, without .py, or all")],
    model: Annotated[str | None, typer.Option(help="Language model, where it shows one.")] = None,
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Draw one figure from the saved tables: PDF, SVG and PNG."""
    from stagewise.tasks import figure

    config, paths = load(configfile, set_)
    figure.run(config, paths, name, model)


@app.command("schema")
def schema_() -> None:
    """Write the JSON schema and the documented default configuration."""
    from stagewise.config.schema import write

    for path in write():
        typer.echo(f"wrote {path}")


@app.command("readme")
def readme_(configfile: Files = None, set_: Settings = None) -> None:
    """Renew the README's claims table and pictures from a finished run."""
    from stagewise.readme import renew

    config, paths = load(configfile, set_)
    renew(config, paths)


EXPECTED = (ConfigError, ValueError, OSError, RuntimeError, FloatingPointError, MemoryError)


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
