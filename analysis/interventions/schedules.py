"""Training whose extra weight goes where influence says that it helps, renewed along the way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from analysis.estimators.base import estimator
from analysis.estimators.class_gradient import class_gradient_influence
from analysis.estimators.measurement import measure_checkpoint
from analysis.interventions.upweighting import COUNTED, SMOOTHED, crossing, next_effects
from analysis.losses.tokens import LanguageModelLoss
from analysis.sampling.settings import PosteriorConfig
from models.corpora.corpus import Corpus, Evaluation
from models.language.training import ClassWeights, LanguageTrainer

Curve = tuple[list[int], list[float]]  # steps, losses in nats


@dataclass(frozen=True)
class Waited:
    """What is waited for.

    Attributes:
        measure: the outcome, a loss under the trainer's model, nats.
        threshold: of the outcome, nats.
        every: steps between measurements.
        until: weight is spent before this step.
    """

    measure: Callable[[LanguageTrainer], float]
    threshold: float
    every: int
    until: int


def class_shares(corpus: Corpus) -> tuple[float, ...]:
    """Shares of the classes among the first training tokens.

    Args:
        corpus: its training sequences and their classes.

    Returns:
        (classes,), each from 0 to 1.
    """
    counted = torch.arange(min(COUNTED, len(corpus.training)))
    return tuple(corpus.members(counted).double().mean((0, 1)).tolist())


def train_schedule(
    trainer: LanguageTrainer,
    spend: Callable[[LanguageTrainer], Sequence[float]],
    renewals: Sequence[int],
    stop: int,
    waited: Waited,
    *,
    before: Curve,
    progress: Callable[[int], None] | None = None,
) -> Curve:
    """Train with weight that is divided anew at some steps, until it is spent and the outcome has
    passed its threshold.

    Args:
        trainer: standing at or before the first renewal; it is trained in place.
        spend: asked at every renewal for the weight added to each token of every class, (classes,).
        renewals: steps at which it is asked, increasing; no weight before the first.
        stop: first step without extra weight again, above the last renewal.
        waited: the outcome; its `every` and `until` count.
        before: steps and losses of the learning curve up to where the trainer stands.
        progress: called with the number of steps just done.

    Returns:
        steps and losses (nats) of the whole curve; it ends a few points after both the crossing and
        `waited.until`, or with training.

    Raises:
        ValueError: renewals and stop do not increase.
    """
    bounds = (*renewals, stop)
    if any(a >= b for a, b in pairwise(bounds)):
        raise ValueError(f"renewals {[*renewals]} and stop {stop} must increase")
    steps, losses, last = [*before[0]], [*before[1]], trainer.settings.steps

    def advance(until: int, weights: ClassWeights | None = None) -> None:
        while trainer.step < until:
            mark = min((trainer.step // waited.every + 1) * waited.every, until)
            trainer.train(mark, weights, progress)
            if mark % waited.every == 0 or mark == last:
                steps.append(mark)
                losses.append(waited.measure(trainer))

    advance(bounds[0])
    for _, end in pairwise(bounds):
        advance(end, ClassWeights(tuple(spend(trainer))))
    advance(waited.until)
    while trainer.step < last and _since(steps, losses, waited.threshold) <= SMOOTHED:
        advance(min((trainer.step // waited.every + 1) * waited.every, last))
    return steps, losses


def _since(steps: Sequence[int], losses: Sequence[float], threshold: float) -> int:
    """Points after the crossing; 0 where there is none."""
    return int((np.array(steps) > crossing(steps, losses, threshold)).sum())


def influence_on(
    trainer: LanguageTrainer,
    corpus: Corpus,
    evaluation: Evaluation,
    posterior: PosteriorConfig,
    target: int,
    *,
    by: str,
    seed: int,
    threads: int = 1,
) -> np.ndarray:
    """Raw influence of every class on one, across sequences, where a training stands.

    Args:
        trainer: its model is measured, and not changed.
        corpus: mini-batches of the sampler are taken from its training sequences.
        evaluation: sequences that influence is measured on.
        posterior: the local posterior; of the gradient, its localisation alone counts.
        target: place of the class that is looked at.
        by: "bif" (sampled) or "gradient" (its limit of strong localisation).
        seed: of the run.
        threads: CPU threads.

    Returns:
        (classes,), nats squared; negative: helps.

    Raises:
        ValueError: there is no such way to measure.
        DivergenceError: too many chains diverged.
    """
    loss = LanguageModelLoss(trainer.model, corpus.training.long(), evaluation.tokens)
    if by == "gradient":
        value, _ = class_gradient_influence(loss, evaluation.membership, posterior.gamma)
        return value[:, target].numpy()
    if by != "bif":
        raise ValueError(f"influence by {by!r}: choose bif or gradient")
    found = measure_checkpoint(
        loss, evaluation, posterior, seed=seed, step=trainer.step, threads=threads,
        device=str(trainer.device),
    )  # fmt: skip
    every = estimator("language", "bif").compute(found)
    raw = (every["pairs"] == "across_sequences") & ~every["normalized"]
    return every.values[raw.values][0][:, target]


def tried(
    trainer: LanguageTrainer, evaluation: Evaluation, target: int, *, steps: int, total: float
) -> np.ndarray:
    """What an oracle knows: the effect of extra weight on each class, found by trying.

    Args:
        trainer: where each class is tried from; it is put back there.
        evaluation: sequences whose losses are compared.
        target: place of the class whose loss is looked at.
        steps: for which each class is tried.
        total: extra weight per token of the batch.

    Returns:
        (classes,), loss of the target with the class up-weighted minus loss without, nats;
        negative: helps.
    """
    weights = copy.deepcopy(trainer.model.state_dict())
    state, begin = copy.deepcopy(trainer.state()), trainer.step
    steps = min(steps, trainer.settings.steps - begin)
    effects = next_effects(trainer, evaluation, horizons=[steps], total_extra=total)
    trainer.model.load_state_dict(weights)
    trainer.restore(begin, state)
    return effects[0, :, target]
