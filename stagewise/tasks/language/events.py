"""Flips and peaks of class influence, in every run and in the mean over runs."""

from __future__ import annotations

from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, chosen, each_model, task
from stagewise.tasks.language.run import LanguageModel

WRITES = ("events", "trajectories")


@task(
    wildcards=("model",),
    jobs=each_model,
    reads=lambda job: [job.paths.language(job.model).class_influence],
    writes=lambda job: [job.paths.language(job.model).whole(name) for name in WRITES],
    settings=lambda job: chosen(job.config, "events"),
)
def language_events(job: Job) -> None:
    """Write `events` and `trajectories` of pairs across sequences.

    experiment: language/<model>/seed<S>, or language/<model> for the mean over runs; false
    discoveries are controlled within each experiment and estimator.
    """
    from analysis.statistics.event_tables import EventSettings, class_events

    model = LanguageModel.of(job)
    runs = {f"language/{model.model}/seed{seed}": [seed] for seed in model.seeds}
    if len(model.seeds) > 1:
        runs[f"language/{model.model}"] = model.seeds
    sources = model.whole("class_influence")
    settings = EventSettings(**job.config.events.model_dump())
    classes = job.config.language.classes(model.model)
    table, seed = read_table(sources[0]), job.config.seed
    found = class_events(table, classes, runs, settings, seed)
    for name, each in zip(WRITES, found, strict=True):
        model.write(name, each, sources)
