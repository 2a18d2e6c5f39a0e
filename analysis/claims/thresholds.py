"""Every threshold of every verdict, once: fixed before it is applied, and printed with the claim.

All are ours: the paper states its claims in words.
"""

from __future__ import annotations

# Correlations, everywhere.
GOOD = 0.8  # counts as agreement
FAIR = 0.5  # counts as some
SIGNIFICANCE = 0.05  # p-values below it count

# Toy.
WINDOW = 40  # steps: length of the windows of claim C5
NOISY = 0.2  # sampling noise, as a share of a curve's size, beyond which shape is open (C2)
LATER = 2.0  # factor by which an early window must do more later than by its end (X12)
AS_GOOD = 0.05  # correlation by which a setting may fall short of the best (C6)
OUT_OF_ORDER = 0.5  # rank correlation below which an order is refuted (C4)
ROUNDING = 1e-9  # relative size of a difference that rounding explains (X2)
EXPLAINS = 0.9  # share of variance that symmetry must explain in a mean over starts (X2)
REACHED = 0.02  # relative error of a limit that counts as reached (X5)

# Theory.
TANGENT = 1e-6  # relative difference of first-order theory that counts as none (X9)
LEFT = 1e-2  # relative error of the closed form that may be left over (X9)
FORESEEN = 0.8  # share of events that a prediction must foresee (X8)
OVER_CHANCE = 0.2  # share more than by the predictions of other pairs (X8)
MEDIAN_WIDTHS = 0.1  # median error in transition widths that counts as a hit (X8)

# Two phases (C11).
DISAGREE = 0.05  # gap of a pair, as a share of the largest
HEIGHT = 0.01  # relative error of a peak's height that the grid of n explains
LEADING = 1.5  # within which n L + lambda log n must have the critical n
VOLUMES = 1.05  # the same with the volumes of the wells
CERTAIN = 1e-12  # weights this near 0 or 1 have log odds that are rounding
AGREES = 0.1  # relative error of sampled influence that counts as agreement

# Language models.
MOST = 2 / 3  # share of runs in which a statement must hold
LONG_ENOUGH = 2.0  # times as long as induction took to form, to ask whether influence falls (C7)
SIGNS = 0.95  # share of pairs whose sign must be that of the limit (X6)
RATIO = 0.1  # how far the median ratio to the limit may be from 1 (X6)
