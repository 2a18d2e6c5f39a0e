"""A variant of the toy from training to events, in one process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.tables.catalogue import of_room
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, perform, task
from stagewise.tasks.theory.hierarchies import variant_settings
from stagewise.tasks.toy import bif, collect, events, exact, learning, train, windows
from stagewise.tasks.toy.common import load_checked, training_options

if TYPE_CHECKING:
    from models.toy.checkpoints import ToyRun

EXACT_ONES = ("loo",)  # beside bif and unrolled
FOR_CLAIMS = ("bif_gaussian", "closed_form")  # where claims are tried
STAGES = (bif, collect, events, exact, learning, train, windows)  # whose code a variant is made by


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


def tables(job: Job, *kinds: str) -> Iterable[Path]:
    """Files of a variant, of the tables made for such variants."""
    place = job.paths.variant(job.variant)
    yield from (place.whole(t.name) for t in of_room("toy") if t.variants in kinds)


def total(job: Job) -> int:
    """SGLD steps of a variant's sampled seeds."""
    variant = configured(job.config, job.variant)
    return len(sampled_seeds(job.config, job.variant)) * bif.sampled_steps(variant)


def sources() -> list[str]:
    """Modules of the estimators that are measured."""
    from analysis.estimators.base import estimators

    named = ("unrolled", *EXACT_ONES, *FOR_CLAIMS)
    return [type(e).__module__ for e in estimators("toy") if e.needs == "draws" or e.name in named]


@task(
    wildcards=("variant",),
    jobs=lambda config: [{"variant": name} for name in config.theory.hierarchies],
    reads=lambda job: [],
    writes=lambda job: tables(job, "all"),
    settings=lambda job: [
        variant_settings(job, job.variant, without=("window_lengths", "window_every")),
        chosen(job.config, "events"),
    ],
    total=total,
    uses=sources,
)
def theory_hierarchy(job: Job) -> None:
    """The toy on another hierarchy."""
    make(job)


@task(
    wildcards=("variant",),
    jobs=lambda config: [{"variant": name} for name in config.theory.optimizers],
    reads=lambda job: [],
    writes=lambda job: tables(job, "all", "optimizers"),
    settings=lambda job: [variant_settings(job, job.variant), chosen(job.config, "events")],
    total=total,
    uses=sources,
)
def theory_optimizer(job: Job) -> None:
    """The toy under another optimizer."""
    make(job)


def make(job: Job) -> None:
    """Train the variant's seeds, measure influence, find events; where claims are tried, also
    BIF's Gaussian limit and window ablation. Files as those of the toy, in the variant's folder."""
    from analysis.estimators.base import estimator

    name, paths = job.variant, job.paths.variant(job.variant)
    config = configured(job.config, name)
    ablated = name in job.config.theory.optimizers
    exact_names = (*EXACT_ONES, *FOR_CLAIMS) if ablated else EXACT_ONES
    seeds, sampled = config.toy_seeds, sampled_seeds(job.config, name)
    for seed in seeds:
        perform("toy_train", config, paths, seed=seed)
        if seed in sampled:
            own = replace(job, config=config, paths=paths, wildcards={"seed": seed})
            bif.write_sampled(own)
        for each in exact_names:
            exact.write_estimate(config, paths, estimator("toy", each), seed)
        if ablated:
            perform("toy_windows", config, paths, seed=seed)
    unrolled(config, paths, [load_checked(paths.checkpoints(seed), config) for seed in seeds])
    parts = [paths.estimator(one.name, seed) for one in bif.sampled_ones() for seed in sampled]
    for each in (*exact_names, "unrolled"):
        parts += [paths.estimator(each, seed) for seed in seeds]
    here = replace(job, config=config, paths=paths, wildcards={})
    collect.together(here, "influence", parts)
    if ablated:
        perform("toy_collect", config, paths, table="windows")
    perform("toy_learning", config, paths)
    perform("toy_events", config, paths)


def unrolled(config: Config, paths: Paths, runs: list[ToyRun]) -> None:
    """The unrolled derivative of all seeds at once: its time is that of its many small steps."""
    import torch

    from analysis.estimators.base import estimator
    from analysis.estimators.unrolled import unrolled_influence
    from analysis.tables.curves import influence_table
    from models.toy.linear_network import Weights

    first, each = runs[0], estimator("toy", "unrolled")
    initial = Weights(*(torch.stack(w) for w in zip(*(r.initial for r in runs), strict=True)))
    options = [training_options(config.toy, run.seed) for run in runs]
    batches = [option["batches"] for option in options if option["batches"] is not None]
    values = unrolled_influence(
        initial,
        first.targets,
        first.steps,
        optimizer=config.toy.optimizer,
        learning_rate=config.toy.learning_rate,
        batches=torch.stack(batches, dim=1) if batches else None,
    )
    for position, run in enumerate(runs):
        table = influence_table(each.of_items(values[:, position], run), run.seed)
        made = provenance(config.model_dump(), run.seed)
        path = paths.estimator("unrolled", run.seed)
        write_result("toy", "influence", table, path, made)
