"""How the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.toy.common import load_checked

if TYPE_CHECKING:
    from analysis.estimators.sampler_sweep import SweepSettings

REFERENCES = ("unrolled", "loo")


def seeds_of(config: Config) -> list[int]:
    """The seeds that are compared."""
    return config.toy_seeds[: config.toy.sweep.seeds]


def needs(job: Job) -> list[Path]:
    """Their checkpoints, and the estimators that agreement is measured with."""
    return [path for seed in seeds_of(job.config) for path in of_seed(job, seed)]


def of_seed(job: Job, seed: int) -> list[Path]:
    """Checkpoints of one seed, then its estimators."""
    return [job.paths.checkpoints(seed), *(job.paths.estimator(name, seed) for name in REFERENCES)]


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
    settings=lambda job: chosen(job.config.toy, "sweep"),
    total=total,
)
def toy_sweep(job: Job) -> None:
    """Write the agreement of every setting with every reference, and its mean over seeds."""
    import pandas as pd

    from analysis.estimators.sampler_sweep import sweep_summary, sweep_table
    from analysis.tables.curves import influence_array, labelled

    parts = []
    for seed in seeds_of(job.config):
        path, *tables = of_seed(job, seed)
        run = load_checked(path, job.config)
        references = {
            label: influence_array(group, run.items)[0].values
            for table in tables
            for label, group in labelled(read_table(table)).items()
        }
        settings = settings_of(job.config.toy)
        parts.append(
            sweep_table(run, references, settings, threads=job.threads, progress=job.progress)
        )
    table = pd.concat(parts, ignore_index=True)
    made = provenance(job.config.model_dump(), seeds_of(job.config))
    write_result("toy", "sweep", table, job.paths.whole("sweep"), made)
    summary = sweep_summary(table)
    write_result("toy", "sweep_summary", summary, job.paths.whole("sweep_summary"), made)
