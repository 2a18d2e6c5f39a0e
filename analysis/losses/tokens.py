"""A language model's losses as the posterior sampler wants them."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import PreTrainedModel

from analysis.sampling.sgld import Parameters
from models.language.architectures.base import architecture_of
from models.language.model import check_tokens, losses_of

SCORE_BYTES = 2**30  # memory for logits of evaluation sequences in flight


class LanguageModelLoss:
    """Losses of a stack of language models with the architecture of `model`.

    Called by the sampler, it gives the mean token loss of training sequences, whose gradient
    drives the chains; `observe` gives the loss of every evaluation token.

    Whether all chains run as one batch or one after another is its architecture's choice.

    Args:
        model: whose architecture and weights are used.
        training: (sequences, time) token ids; mini-batches are taken from them.
        evaluation: (sequences, time) token ids, measured at every draw.
        at_once: evaluation sequences in one forward pass; default: what SCORE_BYTES of logits hold.
            Results do not depend on it.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        training: Tensor,
        evaluation: Tensor,
        at_once: int | None = None,
    ) -> None:
        for tokens in (training, evaluation):
            check_tokens(model, tokens)
        self.model, self.training, self.evaluation = model, training, evaluation
        self.at_once = at_once
        self.in_flight = at_once or len(evaluation)  # of the last call of observe
        self._architecture = architecture_of(model)

    def __call__(self, parameters: Parameters, batch: Tensor | None) -> Tensor:
        """Mean token loss of each training sequence, nats: (chains, sequences in the batch)."""
        tokens = self.training[None] if batch is None else self.training[batch.cpu()]
        return self.token_losses(parameters, tokens.long()).mean(-1)

    def observe(self, parameters: Parameters) -> Tensor:
        """Loss of every evaluation token but the first of each sequence.

        Args:
            parameters: name -> (chains, *shape).

        Returns:
            (chains, sequences x (time - 1)), nats: sequence by sequence.
        """
        chains, size = len(next(iter(parameters.values()))), self.at_once
        if size is None:
            per_sequence = 4 * chains * self.evaluation.shape[1] * self.model.config.vocab_size
            size = max(1, SCORE_BYTES // per_sequence)
        self.in_flight = min(size, len(self.evaluation))
        parts = [self.token_losses(parameters, p[None]) for p in self.evaluation.split(size)]
        return torch.cat(parts, 1).flatten(1)

    def token_losses(self, parameters: Parameters, tokens: Tensor) -> Tensor:
        """Loss of every token but the first of each sequence.

        Args:
            parameters: name -> (chains, *shape).
            tokens: ids (chains or 1, sequences, time); 1: all chains read the same.

        Returns:
            (chains, sequences, time - 1), nats.
        """
        tokens = tokens.to(next(iter(parameters.values())).device)
        return losses_of(self.logits(parameters, tokens[..., :-1]), tokens)

    def logits(self, parameters: Parameters, tokens: Tensor) -> Tensor:
        """Scores of the token after each one.

        Args:
            parameters: name -> (chains, *shape).
            tokens: ids (chains or 1, sequences, time).

        Returns:
            (chains, sequences, time, vocabulary), unnormalised log probabilities.
        """
        return self._architecture.logits(self.model, parameters, tokens)


def stacked_parameters(model: PreTrainedModel, copies: int = 1) -> dict[str, Tensor]:
    """The model's parameters with a leading dimension, as the sampler takes them.

    Args:
        model: a causal language model.
        copies: length of that dimension.

    Returns:
        name -> (copies, *shape), detached; every copy the same.
    """
    return {
        name: p.detach().expand(copies, *p.shape).contiguous()
        for name, p in model.named_parameters()
    }
