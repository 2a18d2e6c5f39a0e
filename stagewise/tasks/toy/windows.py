"""Stage: window ablation of one run, beside what instantaneous influence predicts for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from analysis.estimators.unrolled import instantaneous_influence
from analysis.interventions.retraining import window_ablation
from models.toy.training import train
from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, write_table
from stagewise.tasks.toy.common import load_checked, training_options


def windows(toy: ToyConfig) -> list[tuple[int, int]]:
    """All windows (first step without the source, first step with it), every length that fits."""
    return [
        (start, start + length)
        for length in toy.window_lengths
        for start in range(0, toy.steps - length + 1, toy.window_every)
    ]


def run(config: Config, checkpoints: Path, output: Path) -> None:
    """Write both outcomes of every window, source and target.

    Columns: seed, start, end, source, target, end_effect, largest_effect, largest_step (loss with
    the source minus loss without, negative: its presence helped) and predicted: the first-order
    effect (learning_rate x length / items) x (-g_i . g_j) from the gradients at the window's
    middle, claim X5.
    """
    toy, run_ = config.toy, load_checked(checkpoints, config)
    options = training_options(toy, run_.seed)
    chosen = windows(toy)
    results = window_ablation(run_.initial, run_.targets, toy.steps, chosen, **options)
    middle = [(start + end) // 2 for start, end in chosen]
    unique = sorted(set(middle))
    weights = train(run_.initial, run_.targets, unique, **options)
    pull = instantaneous_influence(weights, run_.targets)[
        torch.tensor([*map(unique.index, middle)])
    ]
    length = torch.tensor([end - start for start, end in chosen])[:, None, None]
    predicted = toy.learning_rate * length / len(run_.items) * pull
    w, i, j = np.indices(predicted.shape).reshape(3, -1)
    items, bounds = np.array(run_.items), np.array(chosen)
    table = pd.DataFrame(
        {
            "seed": run_.seed,
            "start": bounds[w, 0],
            "end": bounds[w, 1],
            "source": items[i],
            "target": items[j],
        }
    )
    names = ("end_effect", "largest_effect", "largest_step", "predicted")
    for name, values in zip(names, (*results, predicted), strict=True):
        table[name] = values.numpy().reshape(-1)
    write_table(table, output, provenance(config.model_dump(), run_.seed))
