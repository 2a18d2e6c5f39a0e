"""How often tokens, and tokens after one another, occur in a corpus."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

SMOOTHING = 0.5  # counts added to every token's successors, spread as tokens are


class Frequencies:
    """Counts of pairs of neighbouring tokens, sparse: large vocabularies have few of all pairs.

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
        """Count within sequences (..., time), never from one to the next."""
        before, after = tokens[..., :-1].ravel(), tokens[..., 1:].ravel()
        pairs = sparse.coo_matrix(
            (np.ones(len(before)), (before.astype(np.int64), after.astype(np.int64))),
            shape=(vocabulary, vocabulary),
        )
        return cls(pairs.tocsr())

    def bigram(self, before: Tensor, after: Tensor) -> Tensor:
        """p(after | before) of pairs of tokens; same shape as both."""
        u, v = (x.reshape(-1).numpy().copy() for x in (before, after))  # scipy wants its own
        counted = torch.tensor(np.asarray(self.counts[u, v]).ravel()).view(before.shape)
        return (counted + SMOOTHING * self.unigram[after]) / (self._before[before] + SMOOTHING)

    def bigram_rows(self, before: Tensor) -> Tensor:
        """p(every token | before): (*before.shape, vocabulary)."""
        rows = torch.tensor(self.counts[before.reshape(-1).numpy().copy()].toarray())
        rows = rows + SMOOTHING * self.unigram
        return (rows / rows.sum(1, keepdim=True)).view(*before.shape, -1)
