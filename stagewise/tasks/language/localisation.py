"""Sampled class influence against its limit of strong localisation (claim X6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagewise.config.language import LanguageModelConfig
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.influence import loss_of
from stagewise.tasks.language.memory import within_memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import MEASURED, of_model
from stagewise.tasks.language.summaries import each_localised

if TYPE_CHECKING:
    import pandas as pd

    from analysis.losses.tokens import LanguageModelLoss
    from analysis.sampling.settings import PosteriorConfig


def steps_of(settings: LanguageModelConfig) -> list[int]:
    """Checkpoints at which localisations are compared."""
    every = settings.localisation_every
    return settings.measured[every - 1 :: every] or settings.measured[-1:]


def total(job: Job) -> int:
    """SGLD steps of all localisations."""
    settings = job.config.language.models[job.model]
    runs = len(steps_of(settings)) * len(settings.localisations)
    return runs * settings.posterior.chains * settings.posterior.sgld_steps


@task(
    wildcards=("model",),
    jobs=each_localised,
    reads=lambda job: [job.paths.language(job.model).part("learning", job.config.seed)],
    writes=lambda job: [job.paths.language(job.model).whole("localisation")],
    settings=lambda job: of_model(job, *MEASURED, "localisations", "localisation_every"),
    total=total,
)
def language_localisation(job: Job) -> None:
    """Write `localisation` of the first seed: sampled influence, raw and across sequences, and its
    limit.

    The step size falls as the localisation grows, so that step_size x gamma stays.
    """
    import pandas as pd

    run = LanguageRun.of(job)
    evaluation, base = run.evaluation(run.pool), run.settings.posterior
    cache, known = run.pieces("localisation", __name__), run.identity(evaluation)
    rows: list[pd.DataFrame] = []
    for step in steps_of(run.settings):
        loss = loss_of(run, step)
        for gamma in run.settings.localisations:
            size = base.step_size * base.gamma / gamma
            posterior = base.model_copy(update={"gamma": gamma, "step_size": size})
            settings = posterior.model_dump(exclude={"memory_gib"})
            name = f"step{step}_gamma{gamma:g}"
            key = cache.key(loss.model.parameters(), [known, settings, run.seed])

            def made(
                posterior: PosteriorConfig = posterior,
                step: int = step,
                loss: LanguageModelLoss = loss,
                name: str = name,
            ) -> dict[str, pd.DataFrame]:
                return {name: compared(run, loss, posterior, step)}

            def found() -> None:
                run.advance(base.chains * base.sgld_steps)

            rows += cache.keep([name], key, made, found=found).values()
    run.write_whole("localisation", pd.concat(rows, ignore_index=True))


def compared(
    run: LanguageRun, loss: LanguageModelLoss, posterior: PosteriorConfig, step: int
) -> pd.DataFrame:
    """Sampled influence across sequences and its limit at one checkpoint and localisation."""
    from analysis.estimators.measurement import against_limit, measure_checkpoint

    found = within_memory(
        lambda: measure_checkpoint(
            loss, run.evaluation(run.pool), posterior, seed=run.seed, step=step,
            threads=run.threads, device=run.device, progress=run.progress,
        ),
        loss,
        run.model,
    )  # fmt: skip
    return against_limit(found, step)
