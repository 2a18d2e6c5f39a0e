"""Landmarks of one run at every checkpoint, and the losses its classes are held against."""

from __future__ import annotations

from stagewise.tasks.base import Job, each_run, task
from stagewise.tasks.language.memory import fits_in_memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import of_model


@task(
    wildcards=("model", "seed"),
    jobs=each_run,
    reads=lambda job: [job.paths.language(job.model).part("learning", job.seed)],
    writes=lambda job: [
        job.paths.language(job.model).part(name, job.seed) for name in ("landmarks", "baselines")
    ],
    settings=lambda job: of_model(job, "landmark_sequences"),
)
def language_landmarks(job: Job) -> None:
    """Write `landmarks` (at the first step also the number of `parameters`) and `baselines`."""
    import pandas as pd

    from analysis.development.landmarks import landmarks
    from analysis.development.tables import baselines_table

    run = LanguageRun.of(job)
    corpus = run.corpus(training=1)
    evaluation, cache = run.followed(corpus), run.pieces("landmarks", __name__)
    known, first = run.identity(evaluation), run.settings.checkpoints[0]
    rows: list[pd.DataFrame] = []
    for step in run.settings.checkpoints:
        model = run.checkpoint(step)

        def measured(step: int = step, model=model) -> dict[str, pd.DataFrame]:  # type: ignore[no-untyped-def]
            with fits_in_memory(run.model):
                found = landmarks(model, corpus, evaluation)
            if step == first:
                found["parameters"] = sum(p.numel() for p in model.parameters())
            named = {"name": list(found), "value": list(found.values())}
            return {str(step): pd.DataFrame({"step": step, **named})}

        key = cache.key(model.parameters(), known)
        rows += cache.keep([str(step)], key, measured).values()
    found = pd.concat(rows, ignore_index=True).assign(seed=run.seed)
    run.write_part("landmarks", "landmarks", found)
    run.write_part("baselines", "baselines", baselines_table(corpus, evaluation, run.seed))
