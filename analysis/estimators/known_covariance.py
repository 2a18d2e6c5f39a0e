"""A control variate of loss traces: what varies with them and has a known covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KnownCovariance:
    """A control variate: what varies with the losses and has a covariance that is known.

    Attributes:
        traces: of the same chains and draws, (chains, draws, samples), in the unit of the losses.
        covariance: that these have in the limit of many draws, (samples, samples), loss units
            squared, positive on the diagonal.
    """

    traces: np.ndarray
    covariance: np.ndarray
