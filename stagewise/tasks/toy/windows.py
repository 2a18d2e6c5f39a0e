"""Window ablation of one run, beside what instantaneous influence predicts for it."""

from __future__ import annotations

from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, each_seed, task
from stagewise.tasks.toy.common import checkpoints, load_checked, training_options


@task(
    wildcards=("seed",),
    jobs=each_seed,
    reads=checkpoints,
    writes=lambda job: [job.paths.part("windows", job.seed)],
    settings=lambda job: chosen(
        job.config.toy, "window_lengths", "window_every", "steps", "optimizer", "learning_rate"
    ),
)
def toy_windows(job: Job) -> None:
    """Write both outcomes of every window, source and target."""
    from analysis.interventions.windows import window_table, windows_of

    toy, run = job.config.toy, load_checked(job.paths.checkpoints(job.seed), job.config)
    windows = windows_of(toy.steps, toy.window_lengths, toy.window_every)
    table = window_table(run, toy.steps, windows, **training_options(toy, run.seed))
    made = provenance(job.config.model_dump(), run.seed)
    write_result("toy", "windows", table, job.paths.part("windows", run.seed), made)
