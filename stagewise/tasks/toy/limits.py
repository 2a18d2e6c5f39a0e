"""How gamma x influence approaches instantaneous influence as gamma grows (claim X5)."""

from __future__ import annotations

from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, each_seed, task
from stagewise.tasks.toy.common import checkpoints, load_checked


@task(
    wildcards=("seed",),
    jobs=each_seed,
    reads=checkpoints,
    writes=lambda job: [job.paths.part("limits", job.seed)],
    settings=lambda job: chosen(job.config.toy, "posterior.nbeta", "limits"),
)
def toy_limits(job: Job) -> None:
    """Write, per gamma and step, how far gamma x bif_gaussian is from -g_i . g_j."""
    from analysis.estimators.instantaneous import limit_table

    toy, run = job.config.toy, load_checked(job.paths.checkpoints(job.seed), job.config)
    table = limit_table(
        run, nbeta=toy.posterior.nbeta, gammas=toy.limits.gammas, every=toy.limits.every
    )
    made = provenance(job.config.model_dump(), run.seed)
    write_result("toy", "limits", table, job.paths.part("limits", run.seed), made)
