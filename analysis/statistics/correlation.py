"""Do two sets of curves have the same shape?"""

from __future__ import annotations

import numpy as np


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation over time of every pair's two curves, (pairs,), pairs of different items.

    Args:
        first, second: (steps, source, target).
    """
    different = ~np.eye(first.shape[1], dtype=bool)
    a, b = first[:, different], second[:, different]
    a, b = a - a.mean(0), b - b.mean(0)
    scale = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(scale > 0, scale, 1.0)
