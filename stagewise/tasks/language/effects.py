"""The effect of up-weighting each class over the next steps, from checkpoints of a run."""

from __future__ import annotations

from typing import Any

from stagewise.config import Config, ConfigError
from stagewise.config.interventions import ForecastConfig
from stagewise.config.language import LanguageModelConfig
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.memory import fits_in_memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import of_model


def each_forecast(config: Config) -> list[dict[str, Any]]:
    """One job per run of the models whose influence is held against effects."""
    return [
        {"model": model, "seed": seed}
        for model, settings in config.language.models.items()
        if settings.forecast is not None
        for seed in config.language_seeds(model)
    ]


def steps_of(settings: LanguageModelConfig) -> list[int]:
    """Checkpoints from which effects are measured: every so many, but not the last."""
    every, before_end = asked(settings).every, settings.measured[:-1]
    return before_end[every - 1 :: every] or before_end[-1:]


def asked(settings: LanguageModelConfig) -> ForecastConfig:
    """What is to be predicted.

    Raises:
        ConfigError: nothing is.
    """
    if settings.forecast is None:
        raise ConfigError("forecast = null: no effects are asked for")
    return settings.forecast


def total(job: Job) -> int:
    """Training steps of all branches."""
    settings = job.config.language.models[job.model]
    runs = len(steps_of(settings)) * (len(job.config.language.classes(job.model)) + 1)
    return runs * max(asked(settings).horizons)


@task(
    wildcards=("model", "seed"),
    jobs=each_forecast,
    reads=lambda job: [job.paths.language(job.model).part("learning", job.seed)],
    writes=lambda job: [job.paths.language(job.model).part("effects", job.seed)],
    settings=lambda job: of_model(
        job, "landmark_sequences", "measure_from", "measure_all_until", "measure_every",
        "forecast",
    ),
    total=total,
)  # fmt: skip
def language_effects(job: Job) -> None:
    """Write `effects`; see `next_effects`."""
    import pandas as pd

    from analysis.interventions.upweighting import effects_table, next_effects

    run = LanguageRun.of(job)
    forecast, corpus = asked(run.settings), run.corpus()
    evaluation, cache = run.followed(corpus), run.pieces("effects", __name__)
    known = run.identity(evaluation)
    rows: list[pd.DataFrame] = []
    each = max(forecast.horizons) * (len(evaluation.class_names) + 1)
    for step in steps_of(run.settings):
        trainer = run.trainer(step)

        def measured(step: int = step, trainer=trainer) -> dict[str, pd.DataFrame]:  # type: ignore[no-untyped-def]
            with fits_in_memory(run.model):
                found = next_effects(
                    trainer,
                    evaluation,
                    horizons=forecast.horizons,
                    total_extra=forecast.total_extra,
                    progress=run.progress,
                )
            table = effects_table(found, forecast.horizons, evaluation.class_names, step)
            return {str(step): table}

        extra = [forecast.horizons, forecast.total_extra, run.seed, step]
        key = cache.key(trainer.model.parameters(), [known, extra])
        rows += cache.keep([str(step)], key, measured, found=lambda: run.advance(each)).values()
    found = pd.concat(rows, ignore_index=True).assign(seed=run.seed)
    run.write_part("effects", "effects", found)
