"""The stages of the toy model as plain commands: `stagewise toy ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.options import Given, command

toy = typer.Typer(no_args_is_help=True, help="Stages of the toy model.")
Seed = Annotated[int, typer.Option(help="Seed of the toy run.")]


@command(toy, "train")
def train(given: Given, seed: Seed) -> None:
    """Train one toy network and keep its checkpoints."""
    given.perform("toy_train", seed=seed)


@command(toy, "influence", threads=1, device="auto")
def influence(
    given: Given,
    name: Annotated[
        str, typer.Argument(metavar="ESTIMATOR", help="exact (all but sampled ones), or its name.")
    ],
    seed: Seed,
) -> None:
    """Influence by one estimator, or by every exact one, for one run."""
    from analysis.estimators.base import estimator as named
    from stagewise.tasks.toy.exact import write_estimate

    if name == "exact":
        given.perform("toy_exact", seed=seed)
        return
    chosen = named("toy", name)
    if chosen.needs == "draws":
        given.perform("toy_bif", "sampling", seed=seed)
    else:
        write_estimate(given.config, given.paths, chosen, seed)


@command(toy, "windows")
def windows(given: Given, seed: Seed) -> None:
    """Window ablation of one run."""
    given.perform("toy_windows", seed=seed)


@command(toy, "limits")
def limits(given: Given, seed: Seed) -> None:
    """Strong localisation against instantaneous influence, for one run."""
    given.perform("toy_limits", seed=seed)


@command(toy, "sweep", threads=1)
def sweep(given: Given) -> None:
    """Sampler settings compared, on the first seed."""
    given.perform("toy_sweep", "sweep")


@command(toy, "collect")
def collect(
    given: Given,
    table: Annotated[str, typer.Argument(help="influence, diagnostics, windows or limits")],
) -> None:
    """Put the tables of all seeds into one."""
    if table == "influence":
        given.perform("toy_influence")
    else:
        given.perform("toy_collect", table=table)


@command(toy, "learning")
def learning(given: Given) -> None:
    """Losses, mode strengths, transitions and the hidden layer of all seeds."""
    given.perform("toy_learning")


@command(toy, "window-curves")
def window_curves(given: Given) -> None:
    """Window ablation over all seeds, beside what influence predicts."""
    given.perform("toy_window_curves")


@command(toy, "events")
def events(given: Given) -> None:
    """Flips and peaks of every influence curve of the toy."""
    given.perform("toy_events")


@command(toy, "peaks")
def peaks(given: Given) -> None:
    """Flips and peaks beside the removals and the stages."""
    given.perform("toy_peaks")
