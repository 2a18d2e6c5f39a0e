"""How the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.toy.common import load_checked

if TYPE_CHECKING:
    from analysis.estimators.sampler_sweep import SweepSettings

REFERENCES = ("unrolled", "loo")


def needs(job: Job) -> list[Path]:
    """The first seed's checkpoints and the estimators that agreement is measured with."""
    seed, paths = job.config.seed, job.paths
    return [paths.checkpoints(seed), *(paths.estimator(name, seed) for name in REFERENCES)]


def settings_of(toy: ToyConfig) -> SweepSettings:
    """What is compared."""
    from analysis.estimators.sampler_sweep import SweepSettings

    return SweepSettings(**toy.sweep.model_dump())


def total(job: Job) -> int:
    """SGLD steps of all settings."""
    toy, sweep = job.config.toy, settings_of(job.config.toy)
    points = len(range(0, toy.steps + 1, toy.checkpoint_every * sweep.every))
    steps = sum(sweep.posterior(*setting).sgld_steps for setting in sweep.combinations)
    return steps * points * sweep.chains


@task(
    jobs=once,
    reads=needs,
    writes=lambda job: [job.paths.whole("sweep")],
    settings=lambda job: chosen(job.config.toy, "sweep"),
    total=total,
)
def toy_sweep(job: Job) -> None:
    """Write the agreement of every setting with every reference, first seed."""
    from analysis.estimators.sampler_sweep import sweep_table
    from analysis.tables.curves import influence_array, labelled

    path, *tables = needs(job)
    run = load_checked(path, job.config)
    references = {
        label: influence_array(group, run.items)[0].values
        for table in tables
        for label, group in labelled(read_table(table)).items()
    }
    table = sweep_table(
        run, references, settings_of(job.config.toy), threads=job.threads, progress=job.progress
    )
    made = provenance(job.config.model_dump(), run.seed)
    write_result("toy", "sweep", table, job.paths.whole("sweep"), made)
