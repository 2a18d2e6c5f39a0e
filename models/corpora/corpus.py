"""What a language model is trained and measured on, whatever language it is.

Tokenizer, corpus, model and classes are separate: a corpus hands out token ids and, for the
evaluation tokens, which classes each belongs to. Another language is another function that
returns a Corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from models.corpora.frequencies import Frequencies
from models.corpora.grammar import CLASSES, Grammar

COUNTED = 20_000  # sequences from which the frequencies of tokens and pairs are counted
# What a random stream is for; beside the seed, so that no two purposes share one.
TRAINING, EVALUATION, COUNTING = range(3)


@dataclass(frozen=True)
class Evaluation:
    """Sequences that losses are measured on. The first token of each is only read.

    Attributes:
        tokens: (sequences, context + 1), token ids.
        membership: (sequences, context, classes), True where a token to be predicted is in a
            class; classes may overlap and need not cover.
        floor: (sequences, context), the least possible loss of each token, nats; None if unknown.
        class_names: names of the classes.
    """

    tokens: Tensor
    membership: Tensor
    floor: Tensor | None
    class_names: tuple[str, ...]

    def first(self, sequences: int) -> Evaluation:
        """The first so many sequences.

        Args:
            sequences: how many; where there are fewer, all.

        Returns:
            the same classes on fewer sequences.
        """
        floor = None if self.floor is None else self.floor[:sequences]
        tokens, membership = self.tokens[:sequences], self.membership[:sequences]
        return replace(self, tokens=tokens, membership=membership, floor=floor)

    def require_classes(self) -> None:
        """Has every class a token here?

        Raises:
            ValueError: one has none; names it.
        """
        counts = self.membership.sum((0, 1)).tolist()
        empty = [name for name, n in zip(self.class_names, counts, strict=True) if n == 0]
        if empty:
            raise ValueError(
                f"the {len(self.tokens)} evaluation sequences hold no token of class "
                f"{', '.join(empty)}: take more sequences"
            )


@dataclass(frozen=True)
class Corpus:
    """A language to learn.

    Attributes:
        training: (sequences, context + 1), in the order of training.
        members: row numbers of training sequences -> (rows, context, classes), True where a
            token to be predicted is in a class.
        evaluation: what losses are measured on.
        frequencies: of tokens and of pairs, in the language at large.
        tokenizer: between ids and text.
        right_delimiters: token ids, one per kind; empty where a language has none.
        random_tokens: ids that random repeated strings may be made of; empty: all.
    """

    training: Tensor
    members: Callable[[Tensor], Tensor]
    evaluation: Evaluation
    frequencies: Frequencies
    tokenizer: PreTrainedTokenizerBase
    right_delimiters: tuple[int, ...] = ()
    random_tokens: tuple[int, ...] = ()

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        return len(self.frequencies.unigram)


def controlled_corpus(
    grammar: Grammar, *, context: int, training: int, evaluation: int, seed: int
) -> Corpus:
    """The controlled language as a corpus. Evaluation and frequencies do not depend on the seed.

    Args:
        grammar: of the controlled language.
        context: tokens of a sequence, beside the one before the first predicted.
        training: sequences to train on.
        evaluation: sequences to measure on.
        seed: of the training text.

    Returns:
        training (sequences, context + 1), evaluation with its exact floor in nats, frequencies
        counted in `COUNTED` further sequences.

    Raises:
        ValueError: fewer than one sequence or token is asked for.
    """
    train = grammar.sample(training, context + 1, [seed, TRAINING])
    held = controlled_evaluation(grammar, context=context, sequences=evaluation)
    counted = grammar.sample(COUNTED, context + 1, [0, COUNTING]).tokens
    classes = torch.tensor(train.classes[:, 1:])
    return Corpus(
        training=torch.tensor(train.tokens, dtype=torch.int16),
        members=lambda rows: classes[rows][..., None] == torch.arange(len(CLASSES)),
        evaluation=held,
        frequencies=Frequencies.count(counted, grammar.vocabulary_size),
        tokenizer=word_tokenizer(grammar.vocabulary),
        right_delimiters=tuple(grammar.right.tolist()),
        random_tokens=tuple(range(grammar.words, grammar.words + grammar.name_symbols)),
    )


def controlled_evaluation(grammar: Grammar, *, context: int, sequences: int) -> Evaluation:
    """Evaluation sequences of the controlled language, the same at every call.

    Args:
        grammar: of the controlled language.
        context: tokens of a sequence, beside the one before the first predicted.
        sequences: how many.

    Returns:
        tokens (sequences, context + 1), classes, and the least possible loss of each token, nats.

    Raises:
        ValueError: fewer than one sequence or token is asked for.
    """
    drawn = grammar.sample(sequences, context + 1, [0, EVALUATION])
    tokens, classes, floor = (torch.tensor(array) for array in drawn)
    return Evaluation(
        tokens=tokens,
        membership=classes[:, 1:, None] == torch.arange(len(CLASSES)),
        floor=floor[:, 1:],
        class_names=CLASSES,
    )


def word_tokenizer(vocabulary: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of words between spaces, in the format that `from_pretrained` loads.

    Args:
        vocabulary: the words, in the order of their ids.

    Returns:
        the tokenizer; it has no token for words it does not know.
    """
    ids = {word: index for index, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)
