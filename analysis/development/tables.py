"""Learning curves and baselines as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor

from analysis.development.landmarks import baselines, outcomes
from models.corpora.corpus import Corpus, Evaluation


def learning_table(
    curve: Mapping[int, Tensor], counts: Tensor, names: Sequence[str]
) -> pd.DataFrame:
    """A learning curve as rows.

    Args:
        curve: step -> summed losses (groups, outcomes), nats.
        counts: tokens behind each sum, (groups, outcomes).
        names: of the outcomes, (outcomes,).

    Returns:
        one row per step, group and outcome: step, group, class, loss (summed over the group's
        tokens, nats), tokens.
    """
    losses = torch.stack([*curve.values()]).numpy()  # (points, groups, outcomes)
    index = pd.MultiIndex.from_product(
        [list(curve), range(losses.shape[1]), names], names=["step", "group", "class"]
    )
    table = pd.DataFrame({"loss": losses.reshape(-1).astype(float)}, index=index).reset_index()
    return table.assign(tokens=counts.numpy().reshape(-1).tolist() * len(curve))


def baselines_table(corpus: Corpus, evaluation: Evaluation, seed: int) -> pd.DataFrame:
    """Mean loss of every outcome under the language's unigram, bigram and best predictor.

    Args:
        corpus: the language: its frequencies and right delimiters count.
        evaluation: tokens (sequences, context + 1) and their classes.
        seed: written into the table.

    Returns:
        one row per outcome and baseline: class, name (unigram, bigram and, where known, floor),
        loss (nats), seed.
    """
    losses = {name: loss.numpy() for name, loss in baselines(corpus, evaluation).items()}
    table = pd.DataFrame({"class": outcomes(corpus, evaluation), **losses})
    return table.melt(id_vars="class", var_name="name", value_name="loss").assign(seed=seed)
