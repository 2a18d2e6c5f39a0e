"""Which tokens of a text are in which class, and what each class looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from models.corpora.frequencies import Frequencies
from models.corpora.token_classes import TokenClass

if TYPE_CHECKING:
    from models.corpora.natural import Text

EXAMPLES = 8  # texts shown of a class


class Labeller:
    """Says which tokens are in which class, for one tokenizer and one corpus.

    Args:
        classes: the classes asked for, by name.
        pieces: the text of every token id, None where it is no whole text (part of a character, or
            a mark of the tokenizer); such tokens match no expression.
        frequencies: of single tokens and pairs in the training text.
    """

    def __init__(
        self,
        classes: Mapping[str, TokenClass],
        pieces: list[str | None],
        frequencies: Frequencies,
    ) -> None:
        self.classes, self.pieces, self.frequencies = dict(classes), pieces, frequencies
        self._matching = {
            name: tuple(self._matches(text) for text in (one.pattern, one.before, one.after))
            for name, one in self.classes.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The classes, in order."""
        return tuple(self.classes)

    def _matches(self, expression: str | None) -> Tensor | None:
        """Which token ids match, (vocabulary,); None where nothing is asked."""
        if expression is None:
            return None
        asked = re.compile(expression)
        return torch.tensor([p is not None and bool(asked.fullmatch(p)) for p in self.pieces])

    def membership(self, tokens: Tensor) -> Tensor:
        """Which tokens are in which class.

        Args:
            tokens: (sequences, time + 2): the first token is context only, and so is the last,
                which tells whether a word goes on.

        Returns:
            (sequences, time, classes) of the tokens between.
        """
        tokens = tokens.long()
        before, own, after = tokens[:, :-2], tokens[:, 1:-1], tokens[:, 2:]
        found = torch.ones(*own.shape, len(self.classes), dtype=torch.bool)
        for index, (name, one) in enumerate(self.classes.items()):
            for which, ids in zip(self._matching[name], (own, before, after), strict=True):
                if which is not None:
                    found[..., index] &= which[ids]
            if one.repeats_below is not None:
                rare = self.frequencies.bigram(before, own) <= one.repeats_below
                found[..., index] &= repeated_pairs(tokens[:, :-1]) & rare
        return found


def repeated_pairs(tokens: Tensor) -> Tensor:
    """Where a pair of neighbours has occurred earlier in its sequence.

    Args:
        tokens: ids (sequences, time).

    Returns:
        bool (sequences, time - 1), at the pair's second token.

    Example:
        >>> repeated_pairs(torch.tensor([[1, 2, 3, 1, 2]])).tolist()
        [[False, False, False, True]]
    """
    pairs = tokens[:, :-1].long() * (int(tokens.max()) + 1) + tokens[:, 1:]
    ordered, order = pairs.sort(dim=1, stable=True)  # equal pairs side by side, in their order
    again = torch.zeros_like(pairs, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return torch.zeros_like(again).scatter(1, order, again)


def labeller_of(classes: Mapping[str, TokenClass], text: Text) -> Labeller:
    """The labeller of a tokenised text.

    Args:
        classes: token classes by name.
        text: whose tokenizer and frequencies decide.

    Returns:
        says which of its tokens are in which class.
    """
    pieces = texts_of(text.tokenizer, text.vocabulary)
    return Labeller(classes, pieces, text.frequencies)


def texts_of(tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> list[str | None]:
    """The text of every token id.

    Args:
        tokenizer: as transformers loads it.
        vocabulary: number of token ids; may be more than the tokenizer has.

    Returns:
        (vocabulary,); None for a special token, part of a character, or an id without text.
    """
    special = set(tokenizer.all_special_ids)
    texts: list[str | None] = []
    for index in range(vocabulary):
        text = str(tokenizer.decode([index], clean_up_tokenization_spaces=False))
        whole = index not in special and index < len(tokenizer) and "\ufffd" not in text
        texts.append(text if whole and text else None)
    return texts


def class_table(tokens: Tensor, membership: Tensor, labeller: Labeller) -> pd.DataFrame:
    """Counts and examples of every class.

    Args:
        tokens: ids (sequences, time + 2), the first and last of each are context only.
        membership: (sequences, time, classes), True where a token is in a class.
        labeller: whose classes they are.

    Returns:
        one row per class: class, tokens, share (of all tokens), kinds (different token ids) and
        examples (the most frequent texts, as Python writes them; of classes that look at pairs,
        with the token before).
    """
    before, own = tokens[:, :-2].long(), tokens[:, 1:-1].long()
    rows = []
    for index, (name, one) in enumerate(labeller.classes.items()):
        here = membership[..., index]
        pairs = one.repeats_below is not None
        texts = [
            (labeller.pieces[u] or "?") + "|" + (labeller.pieces[v] or "?")
            if pairs
            else (labeller.pieces[v] or "?")
            for u, v in zip(before[here].tolist(), own[here].tolist(), strict=True)
        ]
        common = pd.Series(texts, dtype=object).value_counts(sort=True)
        shown = sorted(common.index, key=lambda text: (-common[text], text))[:EXAMPLES]
        rows.append(
            {
                "class": name, "tokens": int(here.sum()), "share": float(here.float().mean()),
                "kinds": int(own[here].unique().numel()), "examples": "  ".join(map(repr, shown)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def overlaps(membership: Tensor, names: tuple[str, ...]) -> pd.DataFrame:
    """Tokens that are in two classes at once, and in none.

    Args:
        membership: (sequences, time, classes), True where a token is in a class.
        names: of the classes, (classes,).

    Returns:
        numbers of tokens, class by class: a square table whose diagonal counts the class, with a
        row and a column "none"; where these meet stand the tokens of no class.
    """
    flat = membership.flatten(0, 1).double()
    both = (flat.T @ flat).long().numpy()
    table = pd.DataFrame(both, index=list(names), columns=list(names))
    return table.assign(none=0).pipe(
        lambda t: pd.concat(
            [t, pd.DataFrame([[0] * len(names) + [int((flat.sum(1) == 0).sum())]],
                             index=["none"], columns=[*names, "none"])]
        )
    )  # fmt: skip
