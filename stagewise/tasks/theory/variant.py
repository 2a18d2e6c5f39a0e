"""Stage: a variant of the toy from training to events, in one process."""

from __future__ import annotations

from collections.abc import Callable

import torch

from analysis.estimators.unrolled import unrolled_influence
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import Weights
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, write_table
from stagewise.tasks.toy import bif, collect, events, exact, learning, train, windows
from stagewise.tasks.toy.common import influence_table, load_checked, training_options

EXACT_ONES = ("loo",)  # beside bif and unrolled
FOR_CLAIMS = ("bif_gaussian", "closed_form")  # where claims are tried


def configured(config: Config, name: str) -> Config:
    """The configuration whose toy is the variant's.

    Raises:
        ConfigError: there is no such variant.
    """
    return config.model_copy(update={"toy": config.variant(name)})


def sampled_seeds(config: Config, name: str) -> list[int]:
    """Seeds whose BIF is sampled: one where its exact limit is measured in all, else all."""
    seeds = configured(config, name).toy_seeds
    return seeds[:1] if name in config.theory.optimizers else seeds


def run(
    config: Config,
    name: str,
    paths: Paths,
    *,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Train the variant's seeds, measure influence, find events; where claims are tried, also
    BIF's Gaussian limit and window ablation. Files as those of the toy, below `paths`."""
    variant = configured(config, name)
    ablated = name in config.theory.optimizers
    exact_ones = (*EXACT_ONES, *FOR_CLAIMS) if ablated else EXACT_ONES
    seeds = variant.toy_seeds
    sampled = sampled_seeds(config, name)
    for seed in seeds:
        checkpoints = paths.checkpoints(seed)
        train.run(variant, seed, checkpoints)
        if seed in sampled:
            bif_, health = paths.estimator("bif", seed), paths.part("diagnostics", seed)
            bif.run(variant, checkpoints, bif_, health, threads=threads, progress=progress)
        for estimator in exact_ones:
            exact.run(variant, estimator, checkpoints, paths.estimator(estimator, seed))
        if ablated:
            windows.run(variant, checkpoints, paths.part("windows", seed))
    _unrolled(variant, [load_checked(paths.checkpoints(seed), variant) for seed in seeds], paths)
    parts = [paths.estimator("bif", seed) for seed in sampled]
    for estimator in (*exact_ones, "unrolled"):
        parts += [paths.estimator(estimator, seed) for seed in seeds]
    collect.run(variant, parts, paths.influence)
    if ablated:
        collect.run(variant, [paths.part("windows", s) for s in seeds], paths.whole("windows"))
    learnt = {table: paths.whole(table) for table in learning.OUTPUTS}
    learning.run(variant, [paths.checkpoints(seed) for seed in seeds], learnt)
    events.run(variant, paths.influence, paths.whole("events"), paths.whole("trajectories"))


def _unrolled(variant: Config, runs: list[ToyRun], paths: Paths) -> None:
    """The unrolled derivative of all seeds at once: its time is that of its many small steps."""
    toy, first = variant.toy, runs[0]
    initial = Weights(*(torch.stack(w) for w in zip(*(r.initial for r in runs), strict=True)))
    options = [training_options(toy, run_.seed) for run_ in runs]
    batches = [option["batches"] for option in options if option["batches"] is not None]
    values = unrolled_influence(
        initial,
        first.targets,
        first.steps,
        optimizer=toy.optimizer,
        learning_rate=toy.learning_rate,
        batches=torch.stack(batches, dim=1) if batches else None,
    )
    for position, run_ in enumerate(runs):
        table = influence_table("unrolled", values[:, position], run_)
        origin = provenance(variant.model_dump(), run_.seed)
        write_table(table, paths.estimator("unrolled", run_.seed), origin)
