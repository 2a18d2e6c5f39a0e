"""Tokenizers of natural text: trained here, or loaded as transformers loads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from models.corpora.documents import CorpusError

SEPARATOR = "<|endoftext|>"  # before every document, as in Pythia's training


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE with so many tokens, bytes and the separator among them.

    Args:
        texts: to learn from.
        vocabulary: number of tokens.

    Returns:
        the tokenizer, the separator its end-of-text token; it may have fewer tokens where the texts
        are short.

    Raises:
        CorpusError: the vocabulary does not hold the 256 bytes and the separator.

    Source: Sennrich et al. 2016, on bytes as in GPT-2; by the library tokenizers.
    """
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    if vocabulary <= len(alphabet):
        raise CorpusError(f"a vocabulary of {vocabulary} tokens: at least {len(alphabet) + 1}")
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary, special_tokens=[SEPARATOR], initial_alphabet=sorted(alphabet),
            show_progress=False,
        ),
    )  # fmt: skip
    return PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=SEPARATOR)


def load_tokenizer(place: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder, or of a repository on the Hub.

    Args:
        place: a folder, or owner/name on the Hub.

    Returns:
        the tokenizer, as transformers loads it.

    Raises:
        CorpusError: there is none to be had.
    """
    try:
        return AutoTokenizer.from_pretrained(place)
    except (OSError, ValueError) as error:
        raise CorpusError(f"no tokenizer in {str(place)!r}: {error}") from error


def separator_of(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id of the mark between documents: the tokenizer's end-of-text token.

    Args:
        tokenizer: of the corpus.

    Returns:
        a token id.

    Raises:
        CorpusError: the tokenizer has no end-of-text token.
    """
    if tokenizer.eos_token_id is None:
        raise CorpusError("the tokenizer has no end-of-text token to put between documents")
    return int(tokenizer.eos_token_id)


def token_ids(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[list[int]]:
    """Tokens of every text. What looks like a mark of the tokenizer within it stays text.

    Args:
        tokenizer: as transformers loads it.
        texts: any, (texts,).

    Returns:
        ids, text by text, no marks added.
    """
    return tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)[
        "input_ids"
    ]
