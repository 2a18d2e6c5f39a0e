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
        network: architecture and sizes from the configuration.
        vocabulary: number of token ids.
        context: most tokens of a sequence.
        seed: of all random numbers.

    Returns:
        the model, on the CPU, in training mode as transformers builds it.

    Raises:
        ValueError: there is no such architecture.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        kind = architecture(network.architecture)
        return kind.build(network, vocabulary=vocabulary, context=context)


def on_device(model: PreTrainedModel, device: str) -> PreTrainedModel:
    """The model, moved to a device.

    Args:
        model: a causal language model; it is moved itself.
        device: as torch calls it: cpu, cuda, cuda:0, ...

    Returns:
        the same model.
    """
    nn.Module.to(model, device)  # the library's own `to` is annotated wrongly
    return model


def token_losses(model: PreTrainedModel, tokens: Tensor) -> Tensor:
    """Loss of every token but the first of each sequence.

    Args:
        model: a causal language model, on the device of the tokens.
        tokens: ids (sequences, time).

    Returns:
        (sequences, time - 1), nats.

    Raises:
        ValueError: a sequence is longer than the model's context and one more token or has fewer
            than two, or an id is no token of it.
    """
    check_tokens(model, tokens)
    return losses_of(model(input_ids=tokens[:, :-1]).logits, tokens)


def losses_of(logits: Tensor, tokens: Tensor) -> Tensor:
    """Cross-entropy of tokens under the scores of the tokens before them.

    Args:
        logits: (..., time - 1, vocabulary), unnormalised log probabilities.
        tokens: ids (..., time); the first of each sequence is not predicted.

    Returns:
        (..., time - 1), nats, in float32 or finer.

    Example:
        >>> losses_of(torch.zeros(1, 1, 4), torch.tensor([[0, 3]])).exp().round().tolist()
        [[4.0]]
    """
    targets = tokens[..., 1:].expand(logits.shape[:-1]).reshape(-1)
    flat = logits.reshape(len(targets), -1)
    if flat.dtype in (torch.bfloat16, torch.float16):  # of autocast: sums of so many need more
        flat = flat.float()
    flat = F.cross_entropy(flat, targets, reduction="none")
    return flat.view(logits.shape[:-1])


def check_tokens(model: PreTrainedModel, tokens: Tensor) -> None:
    """Can the model read these tokens?

    Args:
        model: its vocabulary and context count.
        tokens: ids (..., time), the last of each predicted and not read.

    Raises:
        ValueError: a sequence is longer than the context and one more token, has fewer than two, or
            an id is no token of the model; names the limit.
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
