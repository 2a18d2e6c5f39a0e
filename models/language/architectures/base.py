"""What an architecture of language models is, and how one is found: a file of this package.

An architecture's name is its file's name; the file ends with `ARCHITECTURE`. Importing any of them
registers what `from_pretrained` needs to know.
"""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from transformers import PreTrainedModel

from models.language.architectures import names
from models.language.settings import Network

Module = TypeVar("Module", bound=nn.Module)
Parameters = Mapping[str, Tensor]  # name -> (chains, *shape)
PACKAGE = "models.language.architectures"


class Architecture(ABC):
    """How models of one kind are built and run.

    Attributes:
        model_type: of their Hugging Face configuration.
    """

    model_type: str

    @abstractmethod
    def build(self, network: Network, *, vocabulary: int, context: int) -> PreTrainedModel:
        """A new model with weights from torch's current random numbers.

        Args:
            network: sizes from the configuration.
            vocabulary: number of token ids.
            context: most tokens of a sequence.

        Returns:
            the model, on the CPU.
        """

    def logits(self, model: PreTrainedModel, parameters: Parameters, tokens: Tensor) -> Tensor:
        """The forward pass of a stack of models, each on tokens of its own.

        Here one chain after another: fused attention has no batching rule on a CPU, and vmap falls
        back to a slower loop.

        Args:
            model: says how to compute; its own weights do not count.
            parameters: name -> (chains, *shape), used in their place.
            tokens: (chains or 1, sequences, time), ids.

        Returns:
            scores of the next token (chains, sequences, time, vocabulary).
        """
        chains = len(next(iter(parameters.values())))
        tokens = tokens.expand(chains, *tokens.shape[1:])
        own = own_copy(model)
        each = [
            functional_call(own, {name: p[c] for name, p in parameters.items()}, tokens[c]).logits
            for c in range(chains)
        ]
        return torch.stack(each)

    def attention_patterns(self, model: PreTrainedModel, tokens: Tensor) -> list[Tensor]:
        """How much every token attends to every other.

        Args:
            model: with its own weights.
            tokens: ids (batch, time).

        Returns:
            attention weights layer by layer, (batch, heads, query, key), rows over keys sum to 1.
        """
        before = model.config._attn_implementation
        model.set_attn_implementation("eager")  # the fused kernels do not return their weights
        try:
            return list(model(input_ids=tokens, output_attentions=True).attentions)
        finally:
            model.set_attn_implementation(before)


class AnyArchitecture(Architecture):
    """Models that others built: run one chain after another, never built here."""

    model_type = ""

    def build(self, network: Network, *, vocabulary: int, context: int) -> PreTrainedModel:
        """Not for models of others: always raises NotImplementedError."""
        raise NotImplementedError("a model of another architecture is loaded, not built")


def sizes(network: Network, *, vocabulary: int, context: int) -> dict[str, Any]:
    """Sizes of a network under the names that transformers uses.

    Args:
        network: sizes from the configuration.
        vocabulary: number of token ids.
        context: most tokens of a sequence.

    Returns:
        arguments of a configuration class.
    """
    return {
        "vocab_size": vocabulary,
        "hidden_size": network.width,
        "num_hidden_layers": network.layers,
        "num_attention_heads": network.heads,
        "max_position_embeddings": context,
    }


def architecture(name: str) -> Architecture:
    """An architecture by its name.

    Args:
        name: as in the configuration, that of its file.

    Returns:
        the architecture.

    Raises:
        ValueError: there is none such; says which there are.
    """
    if name not in names():
        raise ValueError(f"architecture {name!r}: choose one of {', '.join(names())}")
    return import_module(f"{PACKAGE}.{name}").ARCHITECTURE


def architecture_of(model: PreTrainedModel) -> Architecture:
    """The architecture of a model.

    Args:
        model: a causal language model.

    Returns:
        the one of its model type; a general one, which cannot build, where it is none of this
        package.
    """
    return registered().get(model.config.model_type, ANY)


ANY = AnyArchitecture()


@cache
def registered() -> dict[str, Architecture]:
    """All architectures; `from_pretrained` knows them from here on.

    Returns:
        model type of the Hugging Face configuration -> architecture.
    """
    return {found.model_type: found for found in map(architecture, names())}


_copies = threading.local()  # functional_call swaps weights in place: every thread has its own


def own_copy(model: Module) -> Module:
    """This thread's copy of a model; of the last one only.

    Args:
        model: any module.

    Returns:
        a deep copy, the same for every call with the same model from one thread.
    """
    if getattr(_copies, "of", None) is not model:
        _copies.of, _copies.model = model, copy.deepcopy(model)
    return _copies.model
