"""Stage: sampled class influence against its limit of strong localisation (claim X6)."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import torch

from analysis.posterior import Draws
from analysis.token_loss import LanguageModelLoss
from stagewise.config import Config
from stagewise.kept import Kept
from stagewise.language_config import LanguageModelConfig, LanguagePosterior
from stagewise.paths import Paths
from stagewise.stages.language.common import POOL, load_checked, load_corpus, origin, pair_rows
from stagewise.stages.language.influence import (
    bif_rows,
    class_gradients,
    gradient_limit,
    loss_of,
    sample,
)
from stagewise.stages.language.memory import within_memory
from stagewise.store import write_table


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
    kept = Kept(place.seed(seed) / "localisation", "stagewise.stages.language.localisation")
    base, rows = settings.posterior, []
    for step in steps_of(settings):
        anchor = load_checked(config, paths, model, seed, step, device)
        loss = loss_of(anchor, corpus, settings)
        gradients = class_gradients(loss, evaluation)
        for gamma in settings.localisations:
            size = base.step_size * base.gamma / gamma
            posterior = base.model_copy(update={"gamma": gamma, "step_size": size})
            name = f"step{step}_gamma{gamma:g}"
            key = kept.key(
                [*anchor.parameters(), evaluation.tokens, evaluation.membership],
                [posterior.model_dump(), seed],
            )
            if not kept.has(name, key):

                def sampled(
                    loss: LanguageModelLoss = loss,
                    posterior: LanguagePosterior = posterior,
                    gradients: torch.Tensor | None = gradients,
                    step: int = step,
                ) -> Draws:
                    return sample(
                        loss, posterior, seed, step, gradients=gradients, threads=threads,
                        device=device, progress=progress,
                    )  # fmt: skip

                draws = within_memory(sampled, loss, model)
                traces = draws.losses[0].unflatten(-1, evaluation.membership.shape[:2])
                limit, _ = gradient_limit(loss, gradients, evaluation, gamma)
                exact = pair_rows(limit, evaluation.class_names)["influence"]
                rows_ = bif_rows(traces, evaluation, draws.controls, limit, device)
                table = pd.concat(rows_, ignore_index=True)
                chosen = ~table["normalized"] & (table["pairs"] == "across_sequences")
                table = table[chosen].reset_index(drop=True).assign(gradient=exact, gamma=gamma)
                kept.write(table.assign(step=step), name, key)
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
    write_table(table, place.whole("localisation"), origin(config, model, seed))
