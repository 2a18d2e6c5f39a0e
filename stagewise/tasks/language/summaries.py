"""Means and intervals over runs of the interventions, and the localisations compared."""

from __future__ import annotations

from typing import Any

from stagewise.config import Config
from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, each_model, task
from stagewise.tasks.language.run import LanguageModel


def each_upweighted(config: Config) -> list[dict[str, Any]]:
    """One job per model with classes that are up-weighted."""
    return [{"model": m} for m, of in config.language.models.items() if of.upweighting.classes]


def each_localised(config: Config) -> list[dict[str, Any]]:
    """One job per model whose localisations are compared."""
    return [{"model": m} for m, of in config.language.models.items() if of.localisations]


@task(
    wildcards=("model",),
    jobs=each_upweighted,
    reads=lambda job: [job.paths.language(job.model).whole("upweighting")],
    writes=lambda job: [
        job.paths.language(job.model).whole(name)
        for name in ("threshold_times", "threshold_time_differences")
    ],
)
def language_threshold_times(job: Job) -> None:
    """Write `threshold_times` and `threshold_time_differences`."""
    from analysis.interventions.summaries import threshold_time_differences, threshold_times

    model = LanguageModel.of(job)
    sources = model.whole("upweighting")
    every = threshold_times(read_table(sources[0]))
    model.write("threshold_times", every, sources)
    model.write("threshold_time_differences", threshold_time_differences(every), sources)


@task(
    wildcards=("model",),
    jobs=each_localised,
    reads=lambda job: [job.paths.language(job.model).whole("localisation")],
    writes=lambda job: [job.paths.language(job.model).whole("localisation_summary")],
)
def language_localisation_summary(job: Job) -> None:
    """Write `localisation_summary`."""
    from analysis.interventions.summaries import localisation_summary

    model = LanguageModel.of(job)
    sources = model.whole("localisation")
    model.write("localisation_summary", localisation_summary(read_table(sources[0])), sources)


@task(
    wildcards=("model",),
    jobs=each_model,
    reads=lambda job: [
        job.paths.language(job.model).whole(name) for name in ("events", "transitions")
    ],
    writes=lambda job: [job.paths.language(job.model).whole("milestones")],
)
def language_milestones(job: Job) -> None:
    """Write `milestones`."""
    from analysis.interventions.summaries import milestones

    model = LanguageModel.of(job)
    sources = model.whole("events", "transitions")
    events, times = (read_table(path) for path in sources)
    model.write("milestones", milestones(events, times, model.model), sources)
