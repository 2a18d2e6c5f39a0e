"""Worlds for C5 and X12: effects of windows that follow BIF, or not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.claims.power.base import truth
from analysis.claims.power.toy import (
    ITEMS,
    SEEDS,
    SHAPES,
    STEPS,
    TREE,
    curves,
    evidence,
    influence_rows,
    noisy,
)
from analysis.claims.toy_evidence import ToyEvidence

LENGTH = 40
STARTS = STEPS[STEPS[-1] >= STEPS + LENGTH]
FIRST, HALF = 180.0, 230.0  # steps: the first distinction 10 and 50 % learnt


def world(
    rng: np.random.Generator, *, shift: float = 0.0, noise: float = 0.1, delay: float = 0.0
) -> ToyEvidence:
    """Ten seeds of windows in which an item is left out.

    Args:
        rng: source of random numbers.
        shift: steps by which the effect at a window's end lies off BIF.
        noise: of the effects, in root mean squares.
        delay: size of the later effect of early windows, in units of BIF's largest; 0: the effect
            at their end is their largest.

    Returns:
        the evidence.
    """
    exact = curves(SHAPES[rng.integers(len(SHAPES), size=ITEMS**2)])
    middle = STARTS + LENGTH / 2
    effect = np.stack([np.interp(middle - shift, STEPS, pair) for pair in exact.T], axis=1)
    end = noisy(rng, effect, noise)  # (seeds, windows, pairs)
    early = (STARTS + LENGTH <= FIRST)[None, :, None]
    acts_later = early & (delay > 0)
    later = np.where(acts_later, delay * rng.choice([-1.0, 1.0], end.shape), end)
    when = np.where(acts_later, rng.uniform(FIRST, HALF, end.shape),
                    (STARTS + LENGTH)[None, :, None])  # fmt: skip
    seed, window, pair = np.indices(end.shape).reshape(3, -1)
    names = np.array(TREE.items)
    windows = pd.DataFrame(
        {
            "seed": seed, "start": STARTS[window], "end": STARTS[window] + LENGTH,
            "source": names[pair // ITEMS], "target": names[pair % ITEMS],
            "end_effect": end.reshape(-1), "largest_effect": later.reshape(-1),
            "largest_step": when.reshape(-1),
        }
    )  # fmt: skip
    stages = pd.DataFrame(
        [{"seed": s, "stage": "animal | plant", "node": "organism", "depth": 0,
          "start": FIRST, "middle": HALF} for s in range(SEEDS)]
    )  # fmt: skip
    bif = influence_rows("bif", np.nan, noisy(rng, exact, 0.1))
    return evidence({"windows": windows, "influence": bif, "transitions": stages})


truth("C5", "effects follow BIF, noise of 10 %", holds="yes")(world)
truth("C5", "effects follow BIF, noise of 60 %", holds="yes")(partial(world, noise=0.6))
truth("C5", "effects lie 100 steps off BIF", holds="no")(partial(world, shift=100.0))
truth("X12", "early windows act as the first distinction is learnt", holds="yes")(
    partial(world, delay=0.8)
)
truth("X12", "every window acts most at its end", holds="in part")(world)
truth("X12", "early windows act later, late ones 100 steps off BIF", holds="in part")(
    partial(world, delay=0.8, shift=100.0)
)
