"""The stages of the toy model as plain commands: `stagewise toy ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.options import Given, Seed, command, task_command

toy = typer.Typer(no_args_is_help=True, help="Stages of the toy model.")


task_command(
    toy, "train", "toy_train", "Train one toy network and keep its checkpoints.", seed=True
)


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


task_command(toy, "windows", "toy_windows", "Window ablation of one run.", seed=True)
task_command(
    toy,
    "limits",
    "toy_limits",
    "Strong localisation against instantaneous influence, for one run.",
    seed=True,
)


task_command(
    toy,
    "horizons",
    "toy_horizons",
    "How far ahead influence tells what a short window of another weight does, for one run.",
    seed=True,
)
task_command(toy, "horizon-means", "toy_horizon_means", "The same, mean over all seeds.")


@command(toy, "sweep", threads=1)
def sweep(given: Given) -> None:
    """Sampler settings compared, on the first seed."""
    given.perform("toy_sweep", "sweep")


@command(toy, "collect")
def collect(
    given: Given,
    table: Annotated[
        str, typer.Argument(help="influence, diagnostics, windows, limits or horizons")
    ],
) -> None:
    """Put the tables of all seeds into one."""
    if table == "influence":
        given.perform("toy_influence")
    else:
        given.perform("toy_collect", table=table)


task_command(
    toy,
    "learning",
    "toy_learning",
    "Losses, mode strengths, transitions and the hidden layer of all seeds.",
)
task_command(
    toy,
    "window-curves",
    "toy_window_curves",
    "Window ablation over all seeds, beside what influence predicts.",
)
task_command(toy, "events", "toy_events", "Flips and peaks of every influence curve of the toy.")
task_command(toy, "peaks", "toy_peaks", "Flips and peaks beside the removals and the stages.")
