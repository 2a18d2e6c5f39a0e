"""Stage boundaries of every run, from its landmarks alone."""

from __future__ import annotations

from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, each_model, task
from stagewise.tasks.language.run import LanguageModel

READS = ("learning", "baselines", "landmarks")


@task(
    wildcards=("model",),
    jobs=each_model,
    reads=lambda job: [job.paths.language(job.model).whole(name) for name in READS],
    writes=lambda job: [job.paths.language(job.model).whole("transitions")],
)
def language_development(job: Job) -> None:
    """Write `transitions`: when every class was learnt, of every run."""
    import pandas as pd

    from analysis.development.transitions import transitions

    model = LanguageModel.of(job)
    sources = model.whole(*READS)
    tables = [read_table(path) for path in sources]
    parts = []
    for seed in model.seeds:
        learning, held, marks = (table[table["seed"] == seed] for table in tables)
        parts.append(transitions(learning, held, marks, seed).assign(seed=seed))
    model.write("transitions", pd.concat(parts, ignore_index=True), sources)
