"""How often tokens, and tokens after one another, occur in a corpus."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

SMOOTHING = 0.5  # counts added to every token's successors, spread as tokens are


class Frequencies:
    """Counts of pairs of neighbouring tokens, sparse: large vocabularies have few of all pairs.

    `unigram` holds the probability of every token, (vocabulary,); none is zero.

    Args:
        counts: (vocabulary, vocabulary), how often the second came after the first.
    """

    def __init__(self, counts: sparse.csr_matrix) -> None:
        self.counts = counts
        after = np.asarray(counts.sum(0)).ravel()
        after = after + SMOOTHING / len(after)  # no token is impossible: its loss is finite
        self.unigram = torch.tensor(after / after.sum())  # (vocabulary,)
        self._before = torch.tensor(np.asarray(counts.sum(1)).ravel())

    @classmethod
    def count(cls, tokens: np.ndarray, vocabulary: int) -> Frequencies:
        """Count pairs of neighbours within sequences, never from one to the next.

        Args:
            tokens: ids (..., time).
            vocabulary: number of token ids.

        Returns:
            their frequencies.

        Raises:
            ValueError: an id is not below the vocabulary.
        """
        before, after = tokens[..., :-1].ravel(), tokens[..., 1:].ravel()
        pairs = sparse.coo_matrix(
            (np.ones(len(before)), (before.astype(np.int64), after.astype(np.int64))),
            shape=(vocabulary, vocabulary),
        )
        return cls(pairs.tocsr())

    def bigram(self, before: Tensor, after: Tensor) -> Tensor:
        """Probability of a token given the one before, smoothed towards the unigram.

        Args:
            before: ids, any shape.
            after: ids, the same shape.

        Returns:
            p(after | before), the same shape; never zero.
        """
        u, v = (x.reshape(-1).numpy().copy() for x in (before, after))  # scipy wants its own
        counted = torch.tensor(np.asarray(self.counts[u, v]).ravel()).view(before.shape)
        return (counted + SMOOTHING * self.unigram[after]) / (self._before[before] + SMOOTHING)

    def bigram_rows(self, before: Tensor) -> Tensor:
        """Probability of every token given the one before, smoothed towards the unigram.

        Args:
            before: ids, any shape.

        Returns:
            (*before.shape, vocabulary); rows sum to 1.
        """
        rows = torch.tensor(self.counts[before.reshape(-1).numpy().copy()].toarray())
        rows = rows + SMOOTHING * self.unigram
        return (rows / rows.sum(1, keepdim=True)).view(*before.shape, -1)
