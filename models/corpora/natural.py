"""A corpus of natural text: tokenised once, kept in a folder, handed out like any other corpus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from scipy import sparse
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from models.corpora.corpus import EVALUATION, TRAINING, Corpus, Evaluation
from models.corpora.documents import ORIGIN, CorpusError, Document, manifest
from models.corpora.frequencies import Frequencies
from models.corpora.labelling import labeller_of
from models.corpora.token_classes import TokenClass
from models.corpora.tokenizer import load_tokenizer, separator_of, token_ids, train_tokenizer
from models.storage.files import whole_folder

TOKENS, DOCUMENTS = "tokens.safetensors", "documents.parquet"
SELDOM = 1e-5  # share of the text below which a token is not used in random strings
BATCH = 256  # documents tokenised together


@dataclass(frozen=True)
class Text:
    """Tokenised text.

    Attributes:
        training: ids (tokens,) of the training documents, one after another, a separator before
            each.
        held_out: ids (tokens,) of the held-out documents, likewise.
        frequencies: of the training tokens.
        tokenizer: between ids and text.
        vocabulary: number of token ids.
        documents: document, bytes, sha256, licence, split.
    """

    training: Tensor
    held_out: Tensor
    frequencies: Frequencies
    tokenizer: PreTrainedTokenizerBase
    vocabulary: int
    documents: pd.DataFrame

    @property
    def digest(self) -> str:
        """SHA-256 of all tokens and of the vocabulary that names them."""
        found = hashlib.sha256(json.dumps(sorted(self.tokenizer.get_vocab().items())).encode())
        for tokens in (self.training, self.held_out):
            found.update(tokens.numpy().tobytes())
        return found.hexdigest()


def tokenise(
    documents: Iterable[Document],
    *,
    tokenizer: str | Path | int,
    held_out: float,
    seed: int,
    most: int | None = None,
) -> Text:
    """Shuffle, split by document, and tokenise.

    Empty documents and copies of one that came before are left out, so that no held-out text was
    trained on.

    Args:
        documents: texts in their order.
        tokenizer: a folder or repository to load one from, or the number of tokens of a byte-level
            BPE to be trained on the training documents.
        held_out: share of the documents that is never trained on, from 0 to 1; at least one is.
        seed: of the order of the documents.
        most: take at most so many documents.

    Returns:
        token ids of both parts, with frequencies, tokenizer and manifest.

    Raises:
        CorpusError: fewer than two documents have text, the tokenizer cannot be had or has no
            end-of-text token, or its vocabulary is too small.
    """
    once: dict[str, Document] = {}
    for document in documents:
        if document.text:
            once.setdefault(document.text, document)
    every = list(once.values())
    order = np.random.default_rng(seed).permutation(len(every))[:most]
    if len(order) < 2:
        raise CorpusError(
            f"{len(order)} document(s) with text: at least 2, one to train on and one to hold out"
        )
    n_held = max(1, round(held_out * len(order)))
    held, trained = ([every[i] for i in part] for part in (order[:n_held], order[n_held:]))
    if isinstance(tokenizer, int):
        chosen: PreTrainedTokenizerBase = train_tokenizer((d.text for d in trained), tokenizer)
    else:
        chosen = load_tokenizer(tokenizer)
    vocabulary, separator = len(chosen), separator_of(chosen)
    flat, flat_held = (_encode(part, chosen, separator) for part in (trained, held))
    known = pd.concat(
        [manifest(trained).assign(split="training"), manifest(held).assign(split="held out")]
    )
    dtype = torch.int16 if vocabulary <= 2**15 else torch.int32
    return Text(
        training=torch.from_numpy(flat).to(dtype),
        held_out=torch.from_numpy(flat_held).to(dtype),
        frequencies=Frequencies.count(flat, vocabulary),
        tokenizer=chosen,
        vocabulary=vocabulary,
        documents=known.reset_index(drop=True),
    )


def _encode(
    documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, separator: int
) -> np.ndarray:
    parts = []
    for start in range(0, len(documents), BATCH):
        texts = [d.text for d in documents[start : start + BATCH]]
        for ids in token_ids(tokenizer, texts):
            parts.append(np.array([separator, *ids], dtype=np.int64))
    return np.concatenate(parts)


def save_text(text: Text, folder: Path, origin: dict[str, Any]) -> None:
    """Write a folder with tokens, pair counts, tokenizer, documents and where they came from,
    whole or not at all.

    Args:
        text: to write.
        folder: where to; what is there is replaced.
        origin: where it comes from, as plain values.
    """
    counts = text.frequencies.counts
    arrays = {"training": text.training, "held_out": text.held_out}
    arrays |= {f"pairs.{k}": torch.from_numpy(getattr(counts, k)) for k in PARTS}
    with whole_folder(folder) as temporary:
        text.tokenizer.save_pretrained(temporary)
        text.documents.to_parquet(temporary / DOCUMENTS, index=False)
        save_file(arrays, temporary / TOKENS)
        (temporary / ORIGIN).write_text(json.dumps(origin, sort_keys=True), encoding="utf-8")


PARTS = ("indptr", "indices", "data")  # of a sparse matrix


def load_text(folder: Path) -> Text:
    """What `save_text` wrote.

    Args:
        folder: where it lies.

    Returns:
        the same text.

    Raises:
        CorpusError: it is not there, or damaged; names it.
    """
    try:
        with safe_open(folder / TOKENS, "pt") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        documents = pd.read_parquet(folder / DOCUMENTS)
    except (OSError, SafetensorError, ValueError) as error:
        raise CorpusError(f"{folder} is not a whole corpus: {error}") from error
    pointers, indices, data = (arrays[f"pairs.{k}"].numpy() for k in PARTS)
    size = len(pointers) - 1
    return Text(
        training=arrays["training"],
        held_out=arrays["held_out"],
        frequencies=Frequencies(sparse.csr_matrix((data, indices, pointers), shape=(size, size))),
        tokenizer=load_tokenizer(folder),
        vocabulary=size,
        documents=documents,
    )


def text_corpus(
    text: Text,
    classes: Mapping[str, TokenClass],
    *,
    context: int,
    training: int,
    evaluation: int,
    seed: int,
) -> Corpus:
    """Sequences of natural text. Evaluation and frequencies do not depend on the seed.

    Training sequences are pieces of the text that follow one another, in an order of the seed;
    a piece's last token is the next one's first, so that every token is predicted once.

    Args:
        text: tokens, frequencies and tokenizer.
        classes: the classes asked for, by name.
        context: tokens of a sequence, beside the one before the first predicted.
        training: sequences wanted; where the text has fewer, all of it.
        evaluation: held-out sequences to measure on.
        seed: of the order of training sequences.

    Returns:
        training (sequences, context + 1) and evaluation, with the classes of their tokens; the
        least possible loss is not known.

    Raises:
        CorpusError: the text is too short for one training sequence or the evaluation.
    """
    common = text.frequencies.unigram >= SELDOM
    labeller = labeller_of(classes, text)
    pieces = windows(text.training, context + 1, context)
    held = windows(text.held_out, context + 2, context + 2)
    if not len(pieces) or len(held) < evaluation:
        raise CorpusError(
            f"the text has {len(text.training)} training and {len(text.held_out)} held-out tokens: "
            f"one sequence of {context + 1} and {evaluation} of {context + 2} are needed; hold out "
            "more, or take more text or a shorter context"
        )
    order = np.random.default_rng([seed, TRAINING]).permutation(len(pieces))[:training]
    train = pieces[torch.from_numpy(order)]
    chosen = np.random.default_rng([0, EVALUATION]).permutation(len(held))[:evaluation]
    tokens = held[torch.from_numpy(chosen)].long()
    return Corpus(
        training=train,
        # What comes after a training sequence is not at hand: its last token stands for it.
        members=lambda rows: labeller.membership(torch.cat([train[rows], train[rows, -1:]], 1)),
        evaluation=Evaluation(
            tokens=tokens[:, :-1],
            membership=labeller.membership(tokens),
            floor=None,
            class_names=labeller.names,
        ),
        frequencies=text.frequencies,
        tokenizer=text.tokenizer,
        random_tokens=tuple(i for i, piece in enumerate(labeller.pieces) if piece and common[i]),
    )


def windows(tokens: Tensor, length: int, stride: int) -> Tensor:
    """Pieces of a line of tokens, one every `stride`.

    Args:
        tokens: ids (tokens,).
        length: tokens of a piece.
        stride: tokens between two starts.

    Returns:
        (pieces, length), a view; a last piece that would be cut short is left out.

    Example:
        >>> windows(torch.arange(6), 3, 2).tolist()
        [[0, 1, 2], [2, 3, 4]]
    """
    if len(tokens) < length:
        return tokens.new_empty((0, length))
    return tokens.unfold(0, length, stride)
