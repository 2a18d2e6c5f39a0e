"""Influence between token classes at every measured checkpoint of one run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagewise.config import Config, ConfigError
from stagewise.provenance.pieces import PieceCache
from stagewise.tasks.base import Job, each_run, task
from stagewise.tasks.language.memory import within_memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import MEASURED, SAMPLING, of_model

if TYPE_CHECKING:
    import pandas as pd

    from analysis.estimators.base import Estimator
    from analysis.losses.tokens import LanguageModelLoss

COLUMNS = [
    "estimator", "seed", "step", "tokens_seen", "source_class", "target_class", "pairs",
    "influence", "std_error", "normalized", "n_pairs",
]  # fmt: skip
TABLES = ("influence", "sampler", "token_influence")
SHOWN = ("shown_sequence", "shown_tokens")
TRIAL_STEPS = 4  # timed before the sampling starts


def class_estimators() -> list[Estimator]:
    """The estimators of language models."""
    from analysis.estimators.base import estimators

    return estimators("language")


def sources() -> list[str]:
    """Their modules."""
    return [type(each).__module__ for each in class_estimators()]


def each_step(config: Config) -> list[dict[str, Any]]:
    """One job per measured checkpoint, of the models that ask for it."""
    return [
        {"model": model, "seed": seed, "step": step}
        for model, settings in config.language.models.items()
        if settings.jobs_by_checkpoint
        for seed in config.language_seeds(model)
        for step in settings.measured
    ]


def checkpoint_of(job: Job) -> list[Path]:
    """What one measured checkpoint needs: the run it is of, or the fetched checkpoint alone."""
    place = job.paths.language(job.model)
    if job.config.language.models[job.model].pretrained:
        return [place.seed(job.seed) / f"step{job.step}" / "provenance.json"]
    return [place.part("learning", job.seed)]


def marker(job: Job, step: int | str) -> Path:
    """Says that a checkpoint is measured. Not its pieces themselves: Snakemake removes what a job
    is to make, and a rerun whose pieces still hold costs nothing."""
    return job.paths.language(job.model).seed(job.seed) / "influence" / f"step{step}.measured"


def sampled_steps(job: Job) -> int:
    """SGLD steps of all chains at one checkpoint."""
    posterior = job.config.language.models[job.model].posterior
    return posterior.chains * posterior.sgld_steps


@task(
    wildcards=("model", "seed", "step"),
    jobs=each_step,
    reads=checkpoint_of,
    writes=lambda job: [marker(job, job.step)],
    settings=lambda job: of_model(job, *SAMPLING, *SHOWN),
    total=sampled_steps,
    uses=sources,
)
def language_influence_step(job: Job) -> None:
    """Measure one checkpoint: its pieces are kept, and `language_influence` puts them together."""
    run = LanguageRun.of(job)
    if job.step not in run.settings.measured:
        steps = ", ".join(map(str, run.settings.measured))
        raise ConfigError(f"step {job.step} of {run.model} is not measured: choose from {steps}")
    pieces_of(run, cache_of(run), job.step)
    marker(job, job.step).parent.mkdir(parents=True, exist_ok=True)
    marker(job, job.step).touch()


def needs(job: Job) -> Iterable[Path]:
    """The run, and the markers of all checkpoints where each is a job of its own."""
    settings = job.config.language.models[job.model]
    yield job.paths.language(job.model).part("learning", job.seed)
    yield from (marker(job, s) for s in settings.measured if settings.jobs_by_checkpoint)


@task(
    wildcards=("model", "seed"),
    jobs=each_run,
    reads=needs,
    writes=lambda job: [job.paths.language(job.model).part(name, job.seed) for name in TABLES],
    settings=lambda job: of_model(job, *MEASURED, *SHOWN),
    total=lambda job: len(job.config.language.models[job.model].measured) * sampled_steps(job),
    uses=sources,
)
def language_influence(job: Job) -> None:
    """Write the class influence of one run, the sampler's diagnostics with the local learning
    coefficient, and the influence between the tokens of one sequence."""
    import pandas as pd

    run = LanguageRun.of(job)
    cache, settings = cache_of(run), run.settings
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for step in settings.measured:
        for name, table in pieces_of(run, cache, step).items():
            parts[name.removesuffix(str(step))].append(table)
    for name, tables in parts.items():
        whole = pd.concat(tables, ignore_index=True).assign(seed=run.seed)
        if name == "influence":
            whole = whole.assign(tokens_seen=whole["step"] * settings.tokens_per_step)[COLUMNS]
        run.write_part("class_influence" if name == "influence" else name, name, whole)


def cache_of(run: LanguageRun) -> PieceCache:
    """The pieces of this stage."""
    return run.pieces("influence", __name__, *sources())


def loss_of(run: LanguageRun, step: int) -> LanguageModelLoss:
    """The losses that are sampled around a checkpoint, of the sequences of influence."""
    from analysis.losses.tokens import LanguageModelLoss

    corpus = run.pool
    tokens = run.evaluation(corpus).tokens
    at_once = run.settings.sequences_at_once
    return LanguageModelLoss(run.checkpoint(step), corpus.training.long(), tokens, at_once)


def pieces_of(run: LanguageRun, cache: PieceCache, step: int) -> dict[str, pd.DataFrame]:
    """The tables of one checkpoint by name and step, measured where they are not kept."""
    settings, loss = run.settings, loss_of(run, step)
    posterior = settings.posterior
    key = cache.key(
        loss.model.parameters(),
        [
            run.identity(run.evaluation(run.pool)),
            posterior.model_dump(exclude={"memory_gib"}),
            [settings.shown_sequence, settings.shown_tokens, run.seed, step],
        ],
    )
    return cache.keep(
        [f"{name}{step}" for name in TABLES],
        key,
        lambda: within_memory(lambda: measure(run, loss, step), loss, run.model),
        found=lambda: run.advance(posterior.chains * posterior.sgld_steps),
    )


def measure(run: LanguageRun, loss: LanguageModelLoss, step: int) -> dict[str, pd.DataFrame]:
    """The stage's tables for one checkpoint, by name and step."""
    import pandas as pd

    from analysis.estimators.measurement import measure_checkpoint, sampler_table, token_table
    from analysis.tables.curves import class_table

    settings, corpus = run.settings, run.pool
    evaluation = run.evaluation(corpus)
    found = measure_checkpoint(
        loss, evaluation, settings.posterior, seed=run.seed, step=step,
        threads=run.threads, device=run.device, progress=run.progress,
    )  # fmt: skip
    rows = [class_table(each.compute(found)) for each in class_estimators()]
    shown = settings.shown_sequence, settings.shown_tokens
    return {
        f"influence{step}": pd.concat(rows, ignore_index=True).assign(step=step),
        f"sampler{step}": sampler_table(found.draws, evaluation, settings.posterior, step),
        f"token_influence{step}": token_table(found.traces, corpus, *shown).assign(step=step),
    }


def estimate(run: LanguageRun) -> str:
    """A sentence on time and memory of the sampling, from a few steps at the first checkpoint."""
    from analysis.estimators.measurement import sample_losses
    from analysis.sampling.posterior import cost

    settings = run.settings
    loss = loss_of(run, settings.measured[0])
    few = settings.posterior.model_copy(update={"draws": TRIAL_STEPS, "burn_in": 0, "thinning": 1})
    begin = time.perf_counter()
    sample_losses(loss, few, seed=run.seed, step=0, threads=run.threads, device=run.device)
    each = (time.perf_counter() - begin) / (few.sgld_steps * few.chains)
    return cost(
        settings.posterior,
        checkpoints=len(settings.measured),
        parameters=sum(p.numel() for p in loss.model.parameters()),
        observed=settings.evaluation_sequences * settings.context,
        threads=run.threads,
        seconds_per_step=each,
        together=1,
    )
