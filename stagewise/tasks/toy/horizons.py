"""How far ahead influence tells what a short window of another weight does (claim X11)."""

from __future__ import annotations

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, each_seed, once, task
from stagewise.tasks.toy.common import checkpoints, load_checked, training_options


@task(
    wildcards=("seed",),
    jobs=each_seed,
    reads=checkpoints,
    writes=lambda job: [job.paths.part("horizons", job.seed)],
    settings=lambda job: chosen(
        job.config.toy, "horizons", "posterior.nbeta", "posterior.gamma", "steps", "optimizer",
        "learning_rate",
    ),
)  # fmt: skip
def toy_horizons(job: Job) -> None:
    """Write how well each prediction agrees with the effects of windows, by horizon."""
    from analysis.interventions.horizons import horizon_table

    toy, run = job.config.toy, load_checked(job.paths.checkpoints(job.seed), job.config)
    table = horizon_table(
        run,
        horizons=toy.horizons.within(toy.steps),
        changes=toy.horizons.changes,
        window=toy.horizons.window,
        every=toy.horizons.every,
        nbeta=toy.posterior.nbeta,
        gamma=toy.posterior.gamma,
        **training_options(toy, run.seed),
    )
    made = provenance(job.config.model_dump(), run.seed)
    write_result("toy", "horizons", table, job.paths.part("horizons", run.seed), made)


@task(
    jobs=once,
    reads=lambda job: [job.paths.whole("horizons")],
    writes=lambda job: [job.paths.whole("horizon_means")],
)
def toy_horizon_means(job: Job) -> None:
    """Write the same as means over windows and runs."""
    from analysis.interventions.horizons import horizon_means

    found = horizon_means(read_table(job.paths.whole("horizons")))
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    write_result("toy", "horizon_means", found, job.paths.whole("horizon_means"), made)
