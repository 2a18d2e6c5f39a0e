"""X6: class influence under strong localisation is gradient alignment."""

from __future__ import annotations

from analysis.claims.core import Finding, claim, graded
from analysis.claims.language_evidence import LanguageEvidence
from analysis.claims.thresholds import GOOD, RATIO, SIGNS


@claim(
    "X6",
    "Class influence under strong localisation is gradient alignment",
    origin="extension",
    room="language",
    figure="localisation_limit",
    reads=("localisation_summary", "trajectories", "events"),
)
def gradients_agree(e: LanguageEvidence) -> Finding:
    """X6: the sampled influence approaches its limit as the localisation grows."""
    limit = e.tables["localisation_summary"].sort_values("gamma")
    spread = (limit["high"] - limit["low"]).to_numpy()
    off = (limit["ratio"] - 1).abs().to_numpy()
    last = limit.iloc[-1]
    held = [
        last["rank"] >= GOOD,
        last["sign"] >= SIGNS,
        spread[-1] < spread[0],
        off[-1] < RATIO,
    ]
    agreement, common, flips = e.against_limit()
    text = [
        f"γ {row.gamma:g}: ratio {row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}], rank "
        f"correlation {row.rank:.2f}, equal signs {row.sign:.0%}"
        for row in limit.itertuples()
    ]
    return Finding(
        predicted=f"at the largest γ: rank correlation at least {GOOD:g}, equal signs in "
        f"{100 * SIGNS:g} % of the pairs that differ from zero, median ratio of sampled to limit "
        f"within {RATIO:g} of 1; and the ratio's middle half narrower than at the smallest γ. The "
        "noise of the linear part is taken out of sampled influence by the control variate",
        measured="; ".join(text)
        + f"; over all checkpoints and runs at the default γ: rank correlation {agreement:.3f}, "
        f"{common} of {flips} sampled flips also in the limit",
        interval="middle half of the ratio in brackets; sampling alone gives about ±"
        f"{last['noise']:.2f} at the largest γ",
        verdict=graded([bool(h) for h in held]),
        reason=f"{sum(map(bool, held))} of {len(held)} parts hold; "
        + e.run_of("localisation_summary", "trajectories", "events"),
    )
