"""Stage: sampled class influence against its limit of strong localisation (claim X6)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from analysis.losses.tokens import LanguageModelLoss
from models.corpora.corpus import Evaluation
from stagewise.config import Config
from stagewise.config.language import LanguageModelConfig, LanguagePosterior
from stagewise.paths import Paths
from stagewise.provenance.pieces import Kept
from stagewise.provenance.store import write_table
from stagewise.tasks.language.common import (
    POOL,
    identity,
    load_checked,
    load_corpus,
    measured_origin,
    pair_rows,
)
from stagewise.tasks.language.influence import (
    bif_rows,
    class_gradients,
    gradient_limit,
    loss_of,
    sample,
)
from stagewise.tasks.language.memory import within_memory


def steps_of(settings: LanguageModelConfig) -> list[int]:
    """Checkpoints at which localisations are compared."""
    every = settings.localisation_every
    return settings.measured[every - 1 :: every] or settings.measured[-1:]


def run(
    config: Config,
    paths: Paths,
    model: str,
    *,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write `localisation` of the first seed: gamma, step, source_class, target_class,
    influence, std_error (sampled, raw, across sequences) and gradient (the limit).

    The step size falls as the localisation grows, so that step_size x gamma stays.
    """
    settings, place, seed = config.language.models[model], paths.language(model), config.seed
    corpus = load_corpus(config, paths, model, seed, training=POOL)
    evaluation = corpus.evaluation.first(settings.evaluation_sequences)
    kept = Kept(place.seed(seed) / "localisation", "stagewise.tasks.language.localisation")
    known = identity(config, paths, model, evaluation)
    base, rows = settings.posterior, []
    for step in steps_of(settings):
        anchor = load_checked(config, paths, model, seed, step, device)
        loss = loss_of(anchor, corpus, settings)
        for gamma in settings.localisations:
            size = base.step_size * base.gamma / gamma
            posterior = base.model_copy(update={"gamma": gamma, "step_size": size})
            name = f"step{step}_gamma{gamma:g}"
            key = kept.key(
                anchor.parameters(), [known, posterior.model_dump(exclude={"memory_gib"}), seed]
            )
            if not kept.has(name, key):
                found = within_memory(
                    partial(
                        compared, loss, evaluation, posterior, seed, step,
                        threads=threads, device=device, progress=progress,
                    ),
                    loss,
                    model,
                )  # fmt: skip
                kept.write(found.assign(gamma=gamma, step=step), name, key)
            elif progress is not None:
                progress(posterior.chains * posterior.sgld_steps)
            rows.append(kept.read(name))
    columns = [
        "gamma",
        "step",
        "source_class",
        "target_class",
        "influence",
        "std_error",
        "gradient",
    ]
    table = pd.concat(rows, ignore_index=True)[columns]
    write_table(
        table, place.whole("localisation"), measured_origin(config, paths, model, seed, device)
    )


def compared(
    loss: LanguageModelLoss,
    evaluation: Evaluation,
    posterior: LanguagePosterior,
    seed: int,
    step: int,
    **how: Any,
) -> pd.DataFrame:
    """Sampled influence across sequences, and its limit `gradient`, at one checkpoint and one
    localisation; `how`: threads, device and progress of the sampler."""
    gradients = class_gradients(loss, evaluation)
    draws = sample(loss, posterior, seed, step, gradients=gradients, **how)
    traces = draws.losses[0].unflatten(-1, evaluation.membership.shape[:2])
    limit, _ = gradient_limit(loss, gradients, evaluation, posterior.gamma)
    exact = pair_rows(limit, evaluation.class_names)["influence"]
    rows = bif_rows(traces, evaluation, draws.controls, limit, how["device"])
    table = pd.concat(rows, ignore_index=True)
    chosen = ~table["normalized"] & (table["pairs"] == "across_sequences")
    return table[chosen].reset_index(drop=True).assign(gradient=exact)
