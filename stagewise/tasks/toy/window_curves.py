"""Window ablation as curves over window position, beside what influence predicts."""

from __future__ import annotations

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, once, task

READS, WRITES = ("windows", "trajectories", "limits"), ("window_curves", "limit_errors")


@task(
    jobs=once,
    reads=lambda job: [job.paths.whole(name) for name in READS],
    writes=lambda job: [job.paths.whole(name) for name in WRITES],
    settings=lambda job: chosen(job.config.toy, "posterior.gamma", "learning_rate"),
)
def toy_window_curves(job: Job) -> None:
    """Write window ablation over window position, and how far the limits of claim X5 are."""
    from analysis.interventions.window_curves import limit_errors, window_curves

    toy = job.config.toy
    windows, trajectories, limits = (read_table(job.paths.whole(name)) for name in READS)
    scale = {"learning_rate": toy.learning_rate, "gamma": toy.posterior.gamma}
    found = window_curves(windows, trajectories, **scale), limit_errors(windows, limits)
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    for name, table in zip(WRITES, found, strict=True):
        write_result("toy", name, table, job.paths.whole(name), made)
