"""C4: branch points of the hidden representation and influence peaks, over all trees. The rule
stands in docs/explanation/rules-of-verdict/c4.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import Held, significant
from analysis.claims.evidence import Evidence
from analysis.claims.thresholds import GOOD, OUT_OF_ORDER, SIGNIFICANCE
from analysis.statistics.correlation import rank_agreement

FEWEST = 3  # distinctions
PERMUTATIONS = 10_000


@claim(
    "C4",
    "Branch points of the hidden representation line up with the influence peaks",
    origin="paper",
    room="theory",
    figure="hidden_paths",
    reads=("branch_points",),
)
def branches_align(e: Evidence) -> Finding:
    """C4: branch points of the hidden paths line up with the influence peaks."""
    rows = e.tables["branch_points"].sort_values(["hierarchy", "node"]).reset_index(drop=True)
    if len(rows) < FEWEST:
        raise NoEvidence(
            f"{len(rows)} distinction(s) with a peak: at least {FEWEST} are needed"
            if len(rows)
            else "no harmful peak of a distinction learnt in this training"
        )
    width = rows["end"] - rows["start"]
    apart = (rows["peak"] - rows["knee"]) / width
    distance, chance, p_near, p_far = permuted_distance(rows, e.rng)
    rho, p_order = rank_agreement(
        rows["peak"], rows["knee"], strata=rows["hierarchy"].tolist(), rng=e.rng
    )
    in_order: Held = None
    if rho < OUT_OF_ORDER:
        in_order = False
    elif rho >= GOOD and p_order < SIGNIFICANCE:
        in_order = True
    trees = rows.groupby("hierarchy")
    each = [
        f"{name}: peak minus own branch point {(t['peak'] - t['knee']).min():+.0f} to "
        f"{(t['peak'] - t['knee']).max():+.0f} steps, {len(t)} distinctions"
        for name, t in trees
    ]
    late = ((rows["peak"] - rows["fastest"]) / width).median()
    return Finding(
        predicted="peaks lie nearer to the steps where hidden paths part (largest acceleration of "
        "their distance), in widths of the distinction's transition, than when branch points are "
        f"dealt out within each tree (p < {SIGNIFICANCE}), and in their order (rank correlation "
        f"within trees ≥ {GOOD}, p < {SIGNIFICANCE})",
        measured=f"mean distance {distance:.2f} widths, by chance {chance:.2f} (p = {p_near:.2g}); "
        f"rank correlation {rho:.2f} (p = {p_order:.2g}) over {len(rows)} distinctions of "
        f"{len(trees)} tree(s)",
        interval="; ".join(each),
        verdict=graded([significant(p_near, p_far, SIGNIFICANCE), in_order]),
        reason=f"the median peak comes {apart.median():+.2f} widths after its branch point, and "
        f"{late:+.2f} after the fastest separation",
    )


def permuted_distance(
    rows: pd.DataFrame, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Mean distance of peak and branch point in widths, against branch points dealt out.

    Args:
        rows: hierarchy, peak, knee, start, end (steps), a row per distinction.
        rng: source of random numbers.

    Returns:
        observed, mean by chance (widths), and the p-values of one at least as near and at least as
        far, with branch points and their widths permuted within each hierarchy.
    """
    total, observed = np.zeros(PERMUTATIONS), 0.0
    for _, tree in rows.groupby("hierarchy"):
        peak, knee = tree["peak"].to_numpy(), tree["knee"].to_numpy()
        width = (tree["end"] - tree["start"]).to_numpy()
        observed += float((np.abs(peak - knee) / width).sum())
        dealt = rng.permuted(np.tile(np.arange(len(tree)), (PERMUTATIONS, 1)), axis=1)
        total += (np.abs(peak - knee[dealt]) / width[dealt]).sum(1)
    near = int((total <= observed + 1e-9).sum())
    far = int((total >= observed - 1e-9).sum())
    scale = 1 + PERMUTATIONS
    count = len(rows)
    return observed / count, float(total.mean()) / count, (1 + near) / scale, (1 + far) / scale
