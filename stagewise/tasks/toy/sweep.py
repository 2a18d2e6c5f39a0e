"""How the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.toy.common import NETWORK, TRAINED_BY, load_checked, network_run
from stagewise.tasks.toy.exact import estimate

if TYPE_CHECKING:
    from analysis.estimators.base import Estimator
    from analysis.estimators.sampler_sweep import SweepSettings

REFERENCES = ("unrolled", "loo")


def needs(job: Job) -> list[Path]:
    """The first seed's checkpoints."""
    return [job.paths.checkpoints(job.config.seed)]


def references() -> list[Estimator]:
    """The estimators that agreement is measured with. They are computed here, in a second: a file
    that all seeds share would have the sweep wait for them, and start again with a new one."""
    from analysis.estimators.base import estimator

    return [estimator("toy", name) for name in REFERENCES]


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
    settings=lambda job: chosen(
        job.config.toy, *NETWORK, "sweep", *(key for each in references() for key in each.settings)
    ),
    total=total,
    uses=lambda: [TRAINED_BY, *(type(each).__module__ for each in references())],
)
def toy_sweep(job: Job) -> None:
    """Write the agreement of every setting with every reference, first seed."""
    from analysis.estimators.sampler_sweep import sweep_table
    from analysis.tables.curves import influence_array, labelled

    run = load_checked(needs(job)[0], job.config)
    exact = {
        label: influence_array(group, run.items)[0].values
        for each in references()
        for label, group in labelled(estimate(each, network_run(run, job.config.toy))).items()
    }
    table = sweep_table(
        run, exact, settings_of(job.config.toy), threads=job.threads, progress=job.progress
    )
    made = provenance(job.config.model_dump(), run.seed)
    write_result("toy", "sweep", table, job.paths.whole("sweep"), made)
