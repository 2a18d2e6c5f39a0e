"""Training a language model: deterministic, and exactly continued from any checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel

from models.corpora.corpus import Corpus
from models.language.chunks import fewer
from models.language.model import token_losses
from models.language.optimizers.base import LanguageOptimizer
from models.language.settings import Training


class TokenWeights(Protocol):
    """Weights on the losses of tokens during training."""

    def weights(self, step: int, members: Callable[[], Tensor]) -> Tensor | None:
        """Weights of the tokens of a batch.

        Args:
            step: of training.
            members: gives the classes of the batch's tokens, (batch, time, classes); asked only
                where weights differ from 1.

        Returns:
            (batch, time), pure numbers; None where all are 1.
        """


@dataclass(frozen=True)
class Upweighting:
    """Extra weight on the losses of one class during some steps of training.

    Attributes:
        class_index: of the class among the corpus's.
        extra: added to the weight 1 of each of its tokens.
        start: first step with extra weight.
        stop: first step without it again.
    """

    class_index: int
    extra: float
    start: int
    stop: int

    def weights(self, step: int, members: Callable[[], Tensor]) -> Tensor | None:
        """Weights of the tokens of a batch.

        Args:
            step: of training.
            members: gives the classes of the batch's tokens, (batch, time, classes); asked only
                where there is extra weight.

        Returns:
            (batch, time), pure numbers; None where all are 1.
        """
        if not self.start <= step < self.stop:
            return None
        return 1.0 + self.extra * members()[..., self.class_index]


@dataclass(frozen=True)
class ClassWeights:
    """Extra weight on every class at once, at every step.

    Attributes:
        extras: added to the weight 1 of each token, by class, (classes,); a token of several
            classes gets the sum.

    Raises:
        ValueError: the weight of a token would be negative; names the class's place and its extra.
    """

    extras: tuple[float, ...]

    def __post_init__(self) -> None:
        low = min(self.extras)
        if low < -1:
            raise ValueError(
                f"extras[{self.extras.index(low)}] = {low:g}: at least -1, which drops the class"
            )

    def weights(self, step: int, members: Callable[[], Tensor]) -> Tensor:
        """Weights of the tokens of a batch; see `TokenWeights`.

        Args:
            step: of training.
            members: gives the classes of the batch's tokens, (batch, time, classes).

        Returns:
            (batch, time), pure numbers.
        """
        return 1.0 + members().float() @ torch.tensor(self.extras, dtype=torch.float32)


class LanguageTrainer:
    """A model in training. Step t always sees the same batch, so that two runs differ only by
    what is done to them; nothing random is drawn after the start.

    Args:
        model: a causal language model; trained in place, where it is.
        corpus: its training sequences and their classes.
        settings: of training.
    """

    def __init__(self, model: PreTrainedModel, corpus: Corpus, settings: Training) -> None:
        self.model, self.corpus, self.settings, self.step = model, corpus, settings, 0
        self.names = dict(model.named_parameters())
        self.optimizer = LanguageOptimizer(settings.optimizer, self.names, settings.weight_decay)
        self.device = next(model.parameters()).device
        self.at_once = settings.batch_size  # sequences in one pass; fewer where memory is short

    def train(
        self,
        until: int,
        upweighting: TokenWeights | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Advance to a step (nothing if there already).

        The loss is the mean over the batch's tokens of weight x loss: extra weight adds
        gradient, it takes none from other tokens.

        Args:
            until: the step to advance to.
            upweighting: weights of the tokens, as of `Upweighting`; None: all are 1.
            progress: called with the number of steps just done.

        Raises:
            OutOfMemoryError: one sequence does not fit into a GPU's memory.
        """
        self.model.train()
        while self.step < until:
            self._set_gradient(self.batch_rows(self.step), upweighting)
            if self.settings.gradient_clip is not None:
                torch.nn.utils.clip_grad_norm_(self.names.values(), self.settings.gradient_clip)
            self.optimizer.update(learning_rate(self.step, self.settings))
            self.step += 1
            if progress is not None:
                progress(1)
        self.model.eval()

    def _set_gradient(self, rows: Tensor, upweighting: TokenWeights | None) -> None:
        """The gradient of a batch; where a GPU's memory does not do, summed over parts of it."""
        while True:
            self.optimizer.zero_grad()
            try:
                for part in rows.split(self.at_once):
                    with self.autocast():
                        losses = token_losses(
                            self.model, self.corpus.training[part].long().to(self.device)
                        )
                    if upweighting is not None:
                        weights = upweighting.weights(self.step, partial(self.corpus.members, part))
                        losses = losses if weights is None else losses * weights.to(self.device)
                    (losses.mean() * (len(part) / len(rows))).backward()
            except torch.OutOfMemoryError as error:
                self.at_once = fewer(min(self.at_once, len(rows)), error)
                continue
            return

    def autocast(self) -> torch.autocast:
        """Half precision in matrix products where it was asked for, on a GPU; else nothing."""
        half = self.settings.precision == "bfloat16" and self.device.type == "cuda"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def batch_rows(self, step: int) -> Tensor:
        """Rows of the training data that a step sees; after the last the first come again.

        Args:
            step: of training.

        Returns:
            row numbers (batch,).
        """
        size = self.settings.batch_size
        return torch.arange(step * size, (step + 1) * size) % len(self.corpus.training)

    def state(self) -> dict[str, Tensor]:
        """What the optimizer remembers; empty before the first step.

        Returns:
            "<what>.<parameter>" -> tensor.
        """
        return self.optimizer.state()

    def restore(self, step: int, state: dict[str, Tensor]) -> None:
        """Go on as after a step, whose weights the model must hold.

        Args:
            step: of training.
            state: as of `state` there.

        Raises:
            KeyError: it is of other parameters.
        """
        self.step = step
        self.optimizer.restore(state)


def learning_rate(step: int, settings: Training) -> float:
    """Learning rate of a step: rising over the warm-up, then falling along half a cosine.

    Args:
        step: of training, from 0.
        settings: learning_rate (the highest), warmup, steps and final_learning_rate (share) count.

    Returns:
        the rate, in the unit of settings.learning_rate.

    Source: Loshchilov and Hutter 2017 for the cosine.
    """
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    share = min((step - settings.warmup) / max(settings.steps - settings.warmup, 1), 1.0)
    low = settings.final_learning_rate
    return settings.learning_rate * (low + (1 - low) * (1 + math.cos(math.pi * share)) / 2)
