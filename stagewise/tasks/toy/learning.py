"""What was learnt when: losses, mode strengths, transitions and the hidden layer."""

from __future__ import annotations

from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.toy.common import all_checkpoints, load_checked

LEARNT = ("losses", "modes", "transitions", "embedding")


@task(
    jobs=once,
    reads=all_checkpoints,
    writes=lambda job: [job.paths.whole(name) for name in LEARNT],
    settings=lambda job: chosen(job.config.toy, "hierarchy", "optimizer"),
)
def toy_learning(job: Job) -> None:
    """Write four tables over all seeds. Theory is gradient descent's: NaN for other optimizers."""
    import pandas as pd

    from analysis.development.learning import learning_tables

    toy = job.config.toy
    holds = toy.training == "gradient_descent"
    runs = [load_checked(path, job.config) for path in all_checkpoints(job)]
    found = [learning_tables(run, toy.tree, holds) for run in runs]
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    for name in LEARNT:
        whole = pd.concat([tables[name] for tables in found], ignore_index=True)
        write_result("toy", name, whole, job.paths.whole(name), made)
