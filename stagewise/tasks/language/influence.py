"""Stage: influence between token classes at every measured checkpoint of one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

from analysis.estimators.bif import bayesian_influence
from analysis.estimators.class_bif import ControlVariate, class_influence
from analysis.estimators.class_gradient import (
    aligned,
    class_gradient_influence,
    control_of,
    sequence_class_gradients,
)
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.diagnostics import diagnose, local_learning_coefficient
from analysis.sampling.posterior import Draws, cost, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.corpora.corpus import Corpus, Evaluation
from stagewise.config import Config, ConfigError
from stagewise.config.language import LanguageModelConfig
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
from stagewise.tasks.language.memory import within_memory

COLUMNS = [
    "estimator", "seed", "step", "tokens_seen", "source_class", "target_class", "pairs",
    "influence", "std_error", "normalized", "n_pairs",
]  # fmt: skip
TABLES = ("influence", "sampler", "token_influence")
GRADIENT_BYTES = 2**31  # gradients of all classes in all sequences are kept up to this size
TRIAL_STEPS = 4  # timed before the sampling starts


def estimate(
    config: Config, paths: Paths, model: str, seed: int, *, threads: int, device: str
) -> str:
    """A sentence on time and memory of the sampling, from a few steps at the first checkpoint."""
    settings = config.language.models[model]
    corpus = load_corpus(config, paths, model, seed, training=POOL)
    anchor = load_checked(config, paths, model, seed, settings.measured[0], device)
    loss = loss_of(anchor, corpus, settings)
    few = settings.posterior.model_copy(update={"draws": TRIAL_STEPS, "burn_in": 0, "thinning": 1})
    begin = time.perf_counter()
    sample(loss, few, seed, 0, threads=threads, device=device)
    each = (time.perf_counter() - begin) / (few.sgld_steps * few.chains)
    return cost(
        settings.posterior,
        anchors=len(settings.measured),
        parameters=sum(p.numel() for p in anchor.parameters()),
        observed=settings.evaluation_sequences * settings.context,
        threads=threads,
        seconds_per_step=each,
        together=1,
    )


def run(
    config: Config,
    paths: Paths,
    model: str,
    seed: int,
    *,
    only: int | None = None,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write three tables of one run.

    influence: the contract's class_influence, estimators bif and gradient (raw, across
    sequences). sampler: step, sample (a class, or "all tokens"), diagnostics, and the local
    learning coefficient with its standard error. token_influence: step, source, target
    (positions of predicted tokens in the shown sequence), text and class of the target,
    influence (normalised), std_error.

    Args:
        only: measure this checkpoint alone and write no table: its pieces are kept, and a later
            call without `only` puts the pieces of all checkpoints together.
    """
    settings, place = config.language.models[model], paths.language(model)
    if only is not None and only not in settings.measured:
        steps = ", ".join(map(str, settings.measured))
        raise ConfigError(f"step {only} of {model} is not measured: choose from {steps}")
    corpus = load_corpus(config, paths, model, seed, training=POOL)
    evaluation = corpus.evaluation.first(settings.evaluation_sequences)
    kept = Kept(place.seed(seed) / "influence", "stagewise.tasks.language.influence")
    posterior, known = settings.posterior, identity(config, paths, model, evaluation)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for step in settings.measured if only is None else [only]:
        anchor = load_checked(config, paths, model, seed, step, device)
        key = kept.key(
            anchor.parameters(),
            [
                known,
                posterior.model_dump(exclude={"memory_gib"}),
                [settings.shown_sequence, settings.shown_tokens, seed, step],
            ],
        )
        if not all(kept.has(f"{name}{step}", key) for name in TABLES):
            loss = loss_of(anchor, corpus, settings)

            def measured(
                step: int = step, loss: LanguageModelLoss = loss
            ) -> dict[str, pd.DataFrame]:
                gradients = class_gradients(loss, evaluation)
                limit = gradient_limit(loss, gradients, evaluation, posterior.gamma)
                draws = sample(
                    loss, posterior, seed, step, gradients=gradients, threads=threads,
                    device=device, progress=progress,
                )  # fmt: skip
                return measure(draws, limit, corpus, settings, step, device)

            for name, table in within_memory(measured, loss, model).items():
                kept.write(table, f"{name}{step}", key)
        elif progress is not None:
            progress(posterior.chains * posterior.sgld_steps)
        for name in TABLES:
            parts[name].append(kept.read(f"{name}{step}"))
    if only is not None:
        return
    made = measured_origin(config, paths, model, seed, device)
    for name, tables_ in parts.items():
        whole = pd.concat(tables_, ignore_index=True).assign(seed=seed)
        if name == "influence":
            whole = whole.assign(tokens_seen=whole["step"] * settings.tokens_per_step)[COLUMNS]
        write_table(whole, place.part(name, seed), made)


def loss_of(
    anchor: PreTrainedModel, corpus: Corpus, settings: LanguageModelConfig
) -> LanguageModelLoss:
    """The losses that are sampled: of the evaluation sequences that influence is measured on."""
    evaluation = corpus.evaluation.first(settings.evaluation_sequences)
    return LanguageModelLoss(
        anchor, corpus.training.long(), evaluation.tokens, settings.sequences_at_once
    )


def sample(
    loss: LanguageModelLoss,
    posterior: PosteriorConfig,
    seed: int,
    step: int,
    *,
    gradients: torch.Tensor | None = None,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Draws:
    """Loss traces of all evaluation tokens around one checkpoint; with class gradients at hand
    and an integrator that allows it, their control variates beside them."""
    usable = posterior.integrator == "exponential" and posterior.preconditioner == "none"
    return sample_posterior(
        loss,
        stacked_parameters(loss.model),
        posterior,
        seed=seed,
        streams=[step],
        n_samples=len(loss.training),
        observe=loss.observe,
        control=control_of(gradients) if usable and gradients is not None else None,
        threads=threads,
        device=device,
        progress=progress,
    )


def class_gradients(loss: LanguageModelLoss, evaluation: Evaluation) -> torch.Tensor | None:
    """Gradients of every class in every sequence, where they fit; see `class_gradients`."""
    sequences, _, classes = evaluation.membership.shape
    size = sum(p.numel() for p in loss.model.parameters())
    if 4 * sequences * classes * size > GRADIENT_BYTES:
        return None
    at_once = loss.at_once or sequences
    if at_once >= sequences:
        return sequence_class_gradients(loss, evaluation.tokens, evaluation.membership)
    whole = torch.empty(classes, sequences, size, device=loss.model.device)
    for start in range(0, sequences, at_once):
        part = slice(start, start + at_once)
        whole[:, part] = sequence_class_gradients(
            loss, evaluation.tokens[part], evaluation.membership[part]
        )
    return whole


def gradient_limit(
    loss: LanguageModelLoss, gradients: torch.Tensor | None, evaluation: Evaluation, gamma: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Class influence in the limit of strong localisation, and its numbers of pairs."""
    if gradients is None:
        return class_gradient_influence(loss, evaluation.membership, gamma)
    return aligned([gradients], evaluation.membership, gamma)


def measure(
    draws: Draws,
    limit: tuple[torch.Tensor, torch.Tensor],
    corpus: Corpus,
    settings: LanguageModelConfig,
    step: int,
    device: str,
) -> dict[str, pd.DataFrame]:
    """The stage's tables for one checkpoint."""
    evaluation, posterior = (
        corpus.evaluation.first(settings.evaluation_sequences),
        settings.posterior,
    )
    traces = draws.losses[0].unflatten(-1, evaluation.membership.shape[:2])
    exact, n_pairs = limit
    rows = bif_rows(traces, evaluation, draws.controls, exact, device)
    rows.append(
        pair_rows(exact, evaluation.class_names, n_pairs=n_pairs, std_error=float("nan"),
                  estimator="gradient", pairs="across_sequences", normalized=False)
    )  # fmt: skip
    return {
        "influence": pd.concat(rows, ignore_index=True).assign(step=step),
        "sampler": sampler_rows(draws, evaluation, posterior, step),
        "token_influence": token_rows(
            traces, corpus, settings.shown_sequence, settings.shown_tokens
        ).assign(step=step),
    }


def token_rows(traces: torch.Tensor, corpus: Corpus, shown: int, most: int | None) -> pd.DataFrame:
    """Token x token influence within one evaluation sequence, normalised; of its first `most`
    predicted tokens."""
    evaluation = corpus.evaluation
    value, error = bayesian_influence(traces[:, :, shown, :most].numpy(), normalized=True)
    source, target = np.indices(value.shape).reshape(2, -1)
    ids = evaluation.tokens[shown, 1:][:most].tolist()
    words = [corpus.tokenizer.decode([i], clean_up_tokenization_spaces=False) for i in ids]
    member = evaluation.membership[shown, :most]
    classes = [shown_class(row.tolist(), evaluation.class_names) for row in member]
    return pd.DataFrame(
        {
            "source": source, "target": target, "text": np.array(words)[target],
            "class": np.array(classes)[target], "influence": value.ravel(),
            "std_error": error.ravel(),
        }
    )  # fmt: skip


def shown_class(member: list[bool], names: tuple[str, ...]) -> str:
    """The class a token is shown with: induction before what the token itself is; "" for none."""
    found = [name for name, is_in in zip(names, member, strict=True) if is_in]
    return "induction" if "induction" in found else (found or [""])[0]


def bif_rows(
    traces: torch.Tensor,
    evaluation: Evaluation,
    controls: torch.Tensor | None,
    limit: torch.Tensor,
    device: str,
) -> list[pd.DataFrame]:
    """Class influence of one checkpoint, raw and normalised, all pairs and across sequences; with
    the controls of its draws, and the limit that these tend to, less noisy."""
    sequences, _, classes = evaluation.membership.shape
    control = None
    if controls is not None:
        control = ControlVariate(controls[0].unflatten(-1, (sequences, classes)), limit)
    return [
        pair_rows(
            found.influence, evaluation.class_names, std_error=found.std_error,
            n_pairs=found.n_pairs, estimator="bif", pairs=found.pairs, normalized=found.normalized,
        )
        for found in class_influence(
            traces, evaluation.membership, control=control, device=device
        )
    ]  # fmt: skip


def sampler_rows(
    draws: Draws, evaluation: Evaluation, posterior: PosteriorConfig, step: int
) -> pd.DataFrame:
    """Diagnostics of the mean losses of every class and of all tokens, and the LLC."""
    member = evaluation.membership.flatten(0, 1).float()
    member = torch.cat([torch.ones(len(member), 1), member], 1)
    member /= member.sum(0)
    means = replace(draws, losses=draws.losses @ member, anchor_losses=draws.anchor_losses @ member)
    table = diagnose(means, posterior, [step], ["all tokens", *evaluation.class_names])
    value, error = local_learning_coefficient(draws, posterior)
    return table.assign(llc=value, llc_std_error=error)
