"""Interventions on training: extra weight on a class of tokens, in a window or for a few steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.ndimage import median_filter
from torch import Tensor

from analysis.statistics.crossings import first_crossing
from models.corpora.corpus import Evaluation
from models.language.chunks import in_chunks
from models.language.model import token_losses
from models.language.training import LanguageTrainer, Upweighting

SMOOTHED = 11  # points of the running median under which a crossing is looked for


@dataclass(frozen=True)
class Arm:
    """One way to spend the same extra weight on a class.

    Attributes:
        name: "none", "uniform", or the window as "120-240".
        start: first step with extra weight.
        stop: first step without it again.
        extra: weight added to the weight 1 of each token of the class there.
    """

    name: str
    start: int
    stop: int
    extra: float


def arms(window: int, until: int, extra: float) -> list[Arm]:
    """Windows that tile training up to `until`, the same total spread evenly, and nothing.

    A last window that would be cut short is left out.

    Args:
        window: length, steps.
        until: end of the last window, steps.
        extra: weight added to each token of the class in a window; evenly it is spread as
            extra x window / until.

    Returns:
        none, the windows in order, uniform.
    """
    starts = range(0, until - window + 1, window)
    windows = [Arm(f"{s}-{s + window}", s, s + window, extra) for s in starts]
    return [
        Arm("none", 0, 0, 0.0),
        *windows,
        Arm("uniform", 0, until, extra * window / until),
    ]


def crossing(steps: Sequence[float], losses: Sequence[float], threshold: float) -> float:
    """Step at which a loss first passes below a threshold, interpolated.

    Looked for in the running median of eleven points, against the jitter of single ones.

    Args:
        steps: of the points, (points,), increasing.
        losses: (points,), nats.
        threshold: nats.

    Returns:
        in steps; NaN if never.
    """
    smooth = median_filter(np.asarray(losses, dtype=float), SMOOTHED, mode="nearest")
    return float(first_crossing(np.asarray(steps, dtype=float), smooth, threshold, np.less))


def train_to_threshold(
    trainer: LanguageTrainer,
    arm: Arm,
    class_index: int,
    measure: Callable[[LanguageTrainer], float],
    *,
    threshold: float,
    every: int,
    before: tuple[list[int], list[float]],
    progress: Callable[[int], None] | None = None,
) -> tuple[list[int], list[float]]:
    """Train with an arm's extra weight until the outcome has passed the threshold.

    Args:
        trainer: standing at or before the arm's start; it is trained in place.
        arm: where the extra weight is spent.
        class_index: of the class that gets the weight, among the corpus's.
        measure: the outcome, a loss under the trainer's model, nats.
        threshold: of the outcome, nats, at which training may end.
        every: steps between measurements.
        before: steps and losses of the learning curve up to where the trainer stands.
        progress: called with the number of steps just done.

    Returns:
        steps and losses (nats) of the whole curve; it ends a few points after the crossing, or with
        training.
    """
    steps, losses = list(before[0]), list(before[1])
    extra = Upweighting(class_index, arm.extra, arm.start, arm.stop)
    after = 0
    while trainer.step < trainer.settings.steps and after <= SMOOTHED:
        until = min((trainer.step // every + 1) * every, trainer.settings.steps)
        trainer.train(until, extra, progress)
        steps.append(until)
        losses.append(measure(trainer))
        after = 0 if np.isnan(crossing(steps, losses, threshold)) else after + 1
    return steps, losses


SEQUENCES = 128  # evaluation sequences in one forward pass
COUNTED = 4096  # training sequences in which a class's share is counted


def class_losses(trainer: LanguageTrainer, evaluation: Evaluation) -> Tensor:
    """Mean loss of every class on evaluation sequences.

    Args:
        trainer: its model is measured, where it is.
        evaluation: tokens (sequences, context + 1) and their classes.

    Returns:
        (classes,), nats, float64; NaN for a class without tokens.
    """
    with torch.no_grad():
        each = in_chunks(
            lambda part: token_losses(trainer.model, part).cpu().double(),
            evaluation.tokens.to(trainer.device),
            SEQUENCES,
        )
        losses = torch.cat([*each])
    member = evaluation.membership.double()
    return torch.einsum("st,stc->c", losses, member) / member.sum((0, 1))


def next_effects(
    trainer: LanguageTrainer,
    evaluation: Evaluation,
    *,
    horizons: Sequence[int],
    total_extra: float,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Effect of up-weighting each class over the next steps on the loss of every class.

    Every class is given the same extra weight per token of the batch in all: its tokens get
    total_extra / (its share of the training tokens) each. The same batches are seen with and
    without, so that nothing but the weight differs.

    Args:
        trainer: a training to go on with, at its state; it ends up elsewhere.
        evaluation: tokens (sequences, context + 1) and their classes.
        horizons: numbers of steps after which losses are compared, in increasing order.
        total_extra: extra weight per token of the batch, in units of a token's weight of 1.
        progress: called with the number of steps just done.

    Returns:
        (horizon, source, target): loss with the source up-weighted minus loss without, nats.
        Negative: more weight on the source lowered the target's loss, as negative influence
        predicts.
    """
    weights = copy.deepcopy(trainer.model.state_dict())
    state, begin = copy.deepcopy(trainer.state()), trainer.step
    counted = torch.arange(min(COUNTED, len(trainer.corpus.training)))
    shares = trainer.corpus.members(counted).float().mean((0, 1)).tolist()

    def after(upweighting: Upweighting | None) -> Tensor:
        trainer.model.load_state_dict(weights)
        trainer.restore(begin, state)
        losses = []
        for horizon in horizons:
            trainer.train(begin + horizon, upweighting, progress)
            losses.append(class_losses(trainer, evaluation))
        return torch.stack(losses)  # (horizons, classes)

    plain, effects = after(None), []
    for index in range(len(evaluation.class_names)):
        share = max(shares[index], 1e-12)
        extra = Upweighting(index, total_extra / share, begin, begin + max(horizons))
        effects.append(after(extra) - plain)
    return torch.stack(effects, 1).numpy()


def effects_table(
    effects: np.ndarray, horizons: Sequence[int], names: Sequence[str], step: int
) -> pd.DataFrame:
    """What `next_effects` found from one checkpoint, as rows.

    Args:
        effects: (horizon, source, target), nats.
        horizons: numbers of steps after `step`, (horizons,).
        names: of the classes, (classes,).
        step: of the checkpoint.

    Returns:
        one row per horizon and ordered pair of classes: step, horizon, source_class, target_class,
        effect (nats; negative: helped).
    """
    h, i, j = np.indices(effects.shape).reshape(3, -1)
    classes = np.array(names)
    return pd.DataFrame(
        {
            "step": step, "horizon": np.array(horizons)[h], "source_class": classes[i],
            "target_class": classes[j], "effect": effects.reshape(-1),
        }
    )  # fmt: skip


def base_curve(learning: pd.DataFrame, class_name: str) -> tuple[list[int], list[float]]:
    """Mean loss of an outcome along a run, from its learning curve.

    Args:
        learning: step, class, loss (summed over groups of sequences, nats), tokens, of one run.
        class_name: of the outcome.

    Returns:
        steps, increasing, and losses, nats per token; both empty where there is no such outcome.
    """
    sums = learning[learning["class"] == class_name].groupby("step")[["loss", "tokens"]].sum()
    return sums.index.tolist(), (sums["loss"] / sums["tokens"]).tolist()


def arm_table(
    curve: tuple[list[int], list[float]],
    arm: Arm,
    class_name: str,
    when: float,
    outcome: str,
    threshold: float,
) -> pd.DataFrame:
    """An arm's training as rows.

    Args:
        curve: steps and losses (nats), (points,) each.
        arm: where the extra weight was spent.
        class_name: the class up-weighted.
        when: step at which the loss passes its threshold; NaN if never.
        outcome: whose loss it is.
        threshold: nats.

    Returns:
        one row per point: step, loss, class, arm, start, stop, extra, crossing (`when`), outcome,
        threshold.
    """
    return pd.DataFrame({"step": curve[0], "loss": curve[1]}).assign(
        **{"class": class_name}, arm=arm.name, start=arm.start, stop=arm.stop, extra=arm.extra,
        crossing=when, outcome=outcome, threshold=threshold,
    )  # fmt: skip
