"""How the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.toy.common import NETWORK, TRAINED_BY, load_checked, network_run
from stagewise.tasks.toy.exact import estimate

if TYPE_CHECKING:
    from analysis.estimators.base import Estimator
    from analysis.estimators.sampler_sweep import SweepSettings

REFERENCES = ("unrolled", "loo")


def seeds_of(config: Config) -> list[int]:
    """The seeds that are compared."""
    return config.toy_seeds[: config.toy.sweep.seeds]


def needs(job: Job) -> list[Path]:
    """Their checkpoints."""
    return [job.paths.checkpoints(seed) for seed in seeds_of(job.config)]


def references() -> list[Estimator]:
    """The estimators that agreement is measured with. They are computed here, in a second: a file
    that all seeds share would have the sweep wait for them, and start again with a new one."""
    from analysis.estimators.base import estimator

    return [estimator("toy", name) for name in REFERENCES]


def settings_of(toy: ToyConfig) -> SweepSettings:
    """What is compared."""
    from analysis.estimators.sampler_sweep import SweepSettings

    return SweepSettings(**toy.sweep.model_dump(exclude={"seeds"}))


def total(job: Job) -> int:
    """SGLD steps of all settings."""
    toy, sweep = job.config.toy, settings_of(job.config.toy)
    points = len(range(0, toy.steps + 1, toy.checkpoint_every * sweep.every))
    steps = sum(sweep.posterior(*setting).sgld_steps for setting in sweep.combinations)
    return steps * points * sweep.chains * len(seeds_of(job.config))


@task(
    jobs=once,
    reads=needs,
    writes=lambda job: [job.paths.whole("sweep"), job.paths.whole("sweep_summary")],
    settings=lambda job: chosen(
        job.config.toy, *NETWORK, "sweep", *(key for each in references() for key in each.settings)
    ),
    total=total,
    uses=lambda: [TRAINED_BY, *(type(each).__module__ for each in references())],
)
def toy_sweep(job: Job) -> None:
    """Write the agreement of every setting with every reference, and its mean over seeds."""
    import pandas as pd

    from analysis.estimators.sampler_sweep import sweep_summary, sweep_table
    from analysis.tables.curves import influence_array, labelled

    parts = []
    for path in needs(job):
        run = load_checked(path, job.config)
        exact = {
            label: influence_array(group, run.items)[0].values
            for each in references()
            for label, group in labelled(estimate(each, network_run(run, job.config.toy))).items()
        }
        settings = settings_of(job.config.toy)
        parts.append(sweep_table(run, exact, settings, threads=job.threads, progress=job.progress))
    table = pd.concat(parts, ignore_index=True)
    made = provenance(job.config.model_dump(), seeds_of(job.config))
    write_result("toy", "sweep", table, job.paths.whole("sweep"), made)
    summary = sweep_summary(table)
    write_result("toy", "sweep_summary", summary, job.paths.whole("sweep_summary"), made)
