"""What is measured at one checkpoint of a language model: draws, class gradients, their limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from analysis.estimators.base import estimator
from analysis.estimators.bif import bayesian_influence
from analysis.estimators.class_bif import ControlVariate
from analysis.estimators.class_gradient import (
    aligned,
    class_gradient_influence,
    control_of,
    sequence_class_gradients,
)
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.diagnostics import diagnose, local_learning_coefficient
from analysis.sampling.posterior import Draws, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.tables.curves import class_table
from models.corpora.corpus import Corpus, Evaluation

KINDS = ("bif", "gradient")
GRADIENT_BYTES = 2**31  # gradients of all classes in all sequences are kept up to this size


@dataclass(frozen=True)
class Measurement:
    """A checkpoint as estimators of class influence take it.

    Attributes:
        evaluation: sequences and the classes of their tokens.
        gamma: localisation, 1/parameter^2.
        limit: raw class influence across sequences in the limit of strong localisation (source,
            target), nats^2; negative: helps.
        n_pairs: pairs of tokens behind it, (source, target).
        draws: of the local posterior, losses (1, chain, draw, token), nats, with controls where the
            sampler allows them.
        device: to compute on.
    """

    evaluation: Evaluation
    gamma: float
    limit: Tensor
    n_pairs: Tensor
    draws: Draws
    device: str

    @property
    def traces(self) -> Tensor:
        """Losses (chains, draws, sequences, time), nats."""
        return self.draws.losses[0].unflatten(-1, self.evaluation.membership.shape[:2])

    @property
    def control(self) -> ControlVariate | None:
        """The control variate of the draws, where there is one."""
        if self.draws.controls is None:
            return None
        sequences, _, classes = self.evaluation.membership.shape
        sums = self.draws.controls[0].unflatten(-1, (sequences, classes))
        return ControlVariate(sums, self.limit)


def measure_checkpoint(
    loss: LanguageModelLoss,
    evaluation: Evaluation,
    posterior: PosteriorConfig,
    *,
    seed: int,
    step: int,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Measurement:
    """Class gradients, their limit, and draws of the local posterior around one checkpoint.

    Args:
        loss: of the model at the checkpoint, with its training and evaluation sequences.
        evaluation: the same evaluation sequences, with the classes of their tokens.
        posterior: the local posterior sampled.
        seed: of the run.
        step: of the checkpoint, which names its random streams.
        threads: CPU threads.
        device: to compute on.
        progress: called with the number of chain steps just done.

    Returns:
        what estimators of class influence take.

    Raises:
        DivergenceError: too many chains diverged.
        ValueError: the batch is larger than the training data at hand.
    """
    gradients = kept_gradients(loss, evaluation)
    if gradients is None:
        limit = class_gradient_influence(loss, evaluation.membership, posterior.gamma)
    else:
        limit = aligned([gradients], evaluation.membership, posterior.gamma)
    draws = sample_losses(
        loss, posterior, seed=seed, step=step, gradients=gradients, threads=threads, device=device,
        progress=progress,
    )  # fmt: skip
    return Measurement(evaluation, posterior.gamma, *limit, draws, device)


def sample_losses(
    loss: LanguageModelLoss,
    posterior: PosteriorConfig,
    *,
    seed: int,
    step: int,
    gradients: Tensor | None = None,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Draws:
    """Loss traces of all evaluation tokens around one checkpoint; with class gradients at hand
    and an integrator that allows it, their control variates beside them.

    Args:
        loss: of the model at the checkpoint, with its training and evaluation sequences.
        posterior: the local posterior sampled.
        seed: of the run.
        step: of the checkpoint, which names its random streams.
        gradients: of every class in every sequence, (classes, sequences, parameters).
        threads: CPU threads.
        device: to compute on.
        progress: called with the number of chain steps just done.

    Returns:
        losses (1, chains, draws, tokens), nats, with controls (1, chains, draws, sequences x
        classes) where they are possible.

    Raises:
        DivergenceError: too many chains diverged.
        ValueError: the batch is larger than the training data at hand.
    """
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


def kept_gradients(loss: LanguageModelLoss, evaluation: Evaluation) -> Tensor | None:
    """Gradients of every class in every sequence, where they fit into `GRADIENT_BYTES`.

    Args:
        loss: its model is differentiated; its at_once sequences go together.
        evaluation: tokens (sequences, time + 1) and their classes.

    Returns:
        (classes, sequences, parameters), nats per parameter; None where they do not fit.
    """
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


def token_table(traces: Tensor, corpus: Corpus, shown: int, most: int | None) -> pd.DataFrame:
    """Influence between the first predicted tokens of one evaluation sequence, normalised.

    Args:
        traces: losses (chains, draws, sequences, time), nats.
        corpus: its evaluation sequences and tokenizer.
        shown: number of the sequence.
        most: tokens taken; None: all.

    Returns:
        one row per ordered pair of tokens, a token and itself included: source and target
        (positions from 0), text and class of the target, influence (-correlation, from -1 to 1;
        negative: helps), std_error.

    Raises:
        ValueError: too few draws for a standard error.
    """
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
    """The class a token is shown with: induction before what the token itself is.

    Args:
        member: whether the token is in each class, (classes,).
        names: of the classes, (classes,).

    Returns:
        the name of a class; "" for a token of none.
    """
    found = [name for name, is_in in zip(names, member, strict=True) if is_in]
    return "induction" if "induction" in found else (found or [""])[0]


def sampler_table(
    draws: Draws, evaluation: Evaluation, posterior: PosteriorConfig, step: int
) -> pd.DataFrame:
    """Diagnostics of the mean losses of every class and of all tokens, and the local learning
    coefficient.

    Args:
        draws: losses (1, chains, draws, tokens) around one checkpoint, nats.
        evaluation: sequences and the classes of their tokens.
        posterior: that they were drawn from.
        step: of the checkpoint.

    Returns:
        one row for all tokens and per class: the columns of `diagnose`, llc and llc_std_error (pure
        numbers, the same in every row).

    Raises:
        ValueError: too few draws for a standard error.
    """
    member = evaluation.membership.flatten(0, 1).float()
    member = torch.cat([torch.ones(len(member), 1), member], 1)
    member /= member.sum(0)
    means = replace(
        draws, losses=draws.losses @ member, checkpoint_losses=draws.checkpoint_losses @ member
    )
    table = diagnose(means, posterior, [step], ["all tokens", *evaluation.class_names])
    value, error = local_learning_coefficient(draws, posterior)
    return table.assign(llc=value, llc_std_error=error)


def against_limit(found: Measurement, step: int) -> pd.DataFrame:
    """Sampled influence, raw and across sequences, beside its limit of strong localisation.

    Args:
        found: what was measured at a checkpoint.
        step: of the checkpoint.

    Returns:
        one row per ordered pair of classes: gamma (1/parameter^2), step, source_class,
        target_class, influence, std_error, gradient (the limit), the last three in nats^2;
        negative: helps.
    """
    sampled, limit = (class_table(estimator("language", n).compute(found)) for n in KINDS)
    keys = ["source_class", "target_class"]
    chosen = sampled[~sampled["normalized"] & (sampled["pairs"] == "across_sequences")]
    exact = limit.set_index(keys)["influence"].rename("gradient")
    both = chosen.join(exact, on=keys).assign(gamma=found.gamma, step=step)
    columns = ["gamma", "step", *keys, "influence", "std_error", "gradient"]
    return both[columns].reset_index(drop=True)
