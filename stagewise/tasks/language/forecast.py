"""Does influence at a checkpoint predict the next steps better than influence at the end?"""

from __future__ import annotations

from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.run import LanguageModel

READS, WRITES = ("effects", "class_influence", "transitions"), ("forecast", "forecast_means")


@task(
    wildcards=("model",),
    jobs=lambda config: [
        {"model": model} for model, of in config.language.models.items() if of.forecast
    ],
    reads=lambda job: [job.paths.language(job.model).whole(name) for name in READS],
    writes=lambda job: [job.paths.language(job.model).whole(name) for name in WRITES],
)
def language_forecast(job: Job) -> None:
    """Write `forecast` (rank correlations over ordered pairs of different classes, every run,
    checkpoint and horizon) and `forecast_means`, by stage."""
    from analysis.interventions.forecast import forecast_table
    from analysis.interventions.summaries import forecast_means

    model = LanguageModel.of(job)
    sources = model.whole(*READS)
    whole = forecast_table(*(read_table(path) for path in sources))
    model.write("forecast", whole, sources)
    model.write("forecast_means", forecast_means(whole), sources)
