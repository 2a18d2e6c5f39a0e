"""Language models behind one interface: token ids in, the loss of every predicted token out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.language.architectures.base import architecture
from models.language.settings import Network


def build_model(network: Network, *, vocabulary: int, context: int, seed: int) -> PreTrainedModel:
    """A new model with the random weights of `seed`. Its own random numbers disturb no others.

    Args:
        network: sizes from the configuration.
        vocabulary: number of tokens.
        context: tokens of a sequence.
        seed: of all random numbers.

    Returns:
        the model, in training mode as transformers builds it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        kind = architecture(network.architecture)
        return kind.build(network, vocabulary=vocabulary, context=context)


def on_device(model: PreTrainedModel, device: str) -> PreTrainedModel:
    """The model, moved to a device.

    Args:
        model: a causal language model.
        device: to compute on.

    Returns:
        the model.
    """
    nn.Module.to(model, device)  # the library's own `to` is annotated wrongly
    return model


def token_losses(model: PreTrainedModel, tokens: Tensor) -> Tensor:
    """Loss of every token but the first of each sequence, nats: (batch, time) -> (batch, time-1).

    Args:
        model: as `from_pretrained` loads it.
        tokens: (sequences, time + 1).

    Returns:
        (sequences, time), nats.

    Raises:
        ValueError: a sequence is longer than the model's context, or an id is no token of it.
    """
    check_tokens(model, tokens)
    return losses_of(model(input_ids=tokens[:, :-1]).logits, tokens)


def losses_of(logits: Tensor, tokens: Tensor) -> Tensor:
    """Cross-entropy of `tokens` (..., time) under the logits (..., time - 1, vocabulary).

    Args:
        logits: (..., time - 1, vocabulary).
        tokens: (..., time).

    Returns:
        (..., time - 1), nats.
    """
    targets = tokens[..., 1:].expand(logits.shape[:-1]).reshape(-1)
    flat = logits.reshape(len(targets), -1)
    if flat.dtype in (torch.bfloat16, torch.float16):  # of autocast: sums of so many need more
        flat = flat.float()
    flat = F.cross_entropy(flat, targets, reduction="none")
    return flat.view(logits.shape[:-1])


def check_tokens(model: PreTrainedModel, tokens: Tensor) -> None:
    """Raise ValueError, naming the limit, if the model cannot read these token ids.

    Args:
        model: a causal language model.
        tokens: token ids (sequences, time).

    Raises:
        ValueError: an id or the length is beyond what the model reads.
    """
    size, context = model.config.vocab_size, model.config.max_position_embeddings
    if tokens.shape[-1] - 1 > context:
        raise ValueError(
            f"sequences of {tokens.shape[-1]} tokens: at most {context + 1}, the model's context "
            f"of {context} and the token after it"
        )
    if tokens.shape[-1] < 2:
        raise ValueError("sequences of fewer than 2 tokens: there is nothing to predict")
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= size:
        raise ValueError(f"token id {low if low < 0 else high}: allowed 0 to {size - 1}")
