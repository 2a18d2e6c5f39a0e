"""The claims: what was predicted, what was measured, and a verdict, from result tables alone.

Every threshold is part of the printed prediction. Seeds are the independent unit: intervals are
Student's t over seeds, because pairs of items are related by the symmetry of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from analysis.statistics.uncertainty import mean_interval
from analysis.tables.curves import curves
from analysis.tables.markdown import markdown_table
from models.toy.hierarchy import Hierarchy, Node

Verdict = Literal["replicated", "partly", "not replicated", "not run"]
Origin = Literal["paper", "extension"]

GOOD, FAIR = 0.8, 0.5  # correlations that count as agreement, and as some
LEVEL = 0.05  # p-values below this count
RISE_COLUMNS = ["start", "middle", "end", "knee", "fastest"]  # times of a stage


class NoEvidence(Exception):
    """The tables hold nothing that could decide the claim; the message says what is missing."""


@dataclass(frozen=True)
class Finding:
    """What the tables say of a claim.

    Attributes:
        predicted: the claim made checkable, thresholds included.
        measured: the numbers; interval: theirs, 95 % unless it says otherwise.
        reason: why this verdict, or what to keep in mind with it.
    """

    predicted: str
    measured: str
    interval: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Claim:
    """A row of the claims table: what is claimed, by whom, what was found, and where to look."""

    id: str
    claim: str
    origin: Origin
    finding: Finding
    figure: str

    def record(self) -> dict[str, str]:
        """Everything but the id, as plain texts."""
        return {
            "claim": self.claim, "origin": self.origin, **asdict(self.finding),
            "figure": self.figure,
        }  # fmt: skip


AnyEvidence = TypeVar("AnyEvidence")


def claim(
    id: str, text: str, origin: Origin, figure: str
) -> Callable[[Callable[[AnyEvidence], Finding]], Callable[[AnyEvidence], Claim]]:
    """Make a claim of a function from evidence to a finding.

    Where the function finds no evidence, the claim was not run.
    """

    def wrap(find: Callable[[AnyEvidence], Finding]) -> Callable[[AnyEvidence], Claim]:
        def decide(evidence: AnyEvidence) -> Claim:
            try:
                finding = find(evidence)
            except NoEvidence as missing:
                finding = Finding("", "", "", "not run", str(missing))
            return Claim(id, text, origin, finding, figure)

        decide.__doc__ = find.__doc__
        return decide

    return wrap


def graded(held: Sequence[bool]) -> Verdict:
    """All parts of a prediction held, some, or none."""
    if all(held):
        return "replicated"
    return "partly" if any(held) else "not replicated"


@dataclass(frozen=True)
class Evidence:
    """The result tables a claim may use.

    Attributes:
        tree: the hierarchy.
        focus: close-up items, source first.
        optimizer: of training.
        checkpoint_every: steps between checkpoints.
        influence: the contract's table by label (bif, loo_0.5, ...), all seeds.
        trajectories: label, step, source, target, mean, low, high.
        events, transitions, windows, sweep, limit_errors: as their stages write them.
        seed: of the bootstraps and permutations.
    """

    tree: Hierarchy
    focus: tuple[str, ...]
    optimizer: str
    checkpoint_every: int
    influence: dict[str, pd.DataFrame]
    trajectories: pd.DataFrame
    events: pd.DataFrame
    transitions: pd.DataFrame
    windows: pd.DataFrame
    sweep: pd.DataFrame
    limit_errors: pd.DataFrame
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers, the same at every call."""
        return np.random.default_rng(self.seed)

    @property
    def labels(self) -> list[str]:
        """Names of the curves present."""
        return list(dict.fromkeys(self.trajectories["label"]))

    def seed_curves(self, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps, and influence of every seed (seeds, steps, source, target)."""
        return curves(self.influence[label])

    def curve(self, label: str) -> np.ndarray:
        """Mean influence over seeds, (steps, source, target), items in tree order."""
        table = self.trajectories[self.trajectories["label"] == label]
        n = len(self.tree.items)  # one curve after another: (source, target, steps)
        return table["mean"].to_numpy().reshape(n, n, -1).transpose(2, 0, 1)

    def events_of(self, label: str, source: str, target: str) -> pd.DataFrame:
        """Events of one curve, in time order."""
        e = self.events
        chosen = (e["estimator"] == label) & (e["source"] == source) & (e["target"] == target)
        return e[chosen].sort_values("step")

    def harmful_peak(self, label: str, source: str, target: str) -> pd.Series | None:
        """The highest peak of positive influence, if there is one."""
        found = self.events_of(label, source, target)
        found = found[(found["direction"] == "maximum") & (found["value"] > 0)]
        return None if found.empty else found.loc[found["value"].idxmax()]

    def stage(self, node: Node) -> pd.Series:
        """Seed means of start, middle, end, knee and fastest of a distinction."""
        rows = self.transitions[(self.transitions["node"] == node.name)]
        rows = rows[rows["stage"] != "everything"]
        return rows.drop(columns=["seed", "stage", "node"]).mean()

    def pairs(self) -> list[tuple[str, str]]:
        """All ordered pairs of different items."""
        return [(a, b) for a in self.tree.items for b in self.tree.items if a != b]

    def peaks_by_distinction(self, label: str) -> pd.DataFrame:
        """Harmful peak of every pair beside the stage that tells the pair apart: node, peak, and
        the stage's times.

        Raises:
            NoEvidence: no pair has a peak whose distinction is learnt within the training.
        """
        rows = []
        for source, target in self.pairs():
            peak = self.harmful_peak(label, source, target)
            if peak is None:
                continue
            node = self.tree.lowest_common_ancestor(source, target)
            times = self.stage(node)[RISE_COLUMNS].to_dict()
            rows.append({"node": node.name, "peak": peak["step"], **times})
        table = pd.DataFrame(rows, columns=["node", "peak", *RISE_COLUMNS]).dropna()
        if table.empty:
            raise NoEvidence(f"no harmful {label} peak of a distinction learnt in this training")
        return table

    @property
    def removals(self) -> list[str]:
        """Leave-one-out curves, from the smallest removed share to the largest."""
        found = [label for label in self.labels if label.startswith("loo_")]
        return sorted(found, key=lambda label: float(label.removeprefix("loo_")))


def over_seeds(values: Sequence[float], form: str = ".2f") -> tuple[float, str, str]:
    """Mean over seeds, and as texts the mean and its 95 % interval.

    Raises:
        NoEvidence: there are no values, or one is undefined.
    """
    if not len(values) or not np.isfinite(values).all():
        raise NoEvidence("undefined in at least one seed: nothing varies, or nothing was learnt")
    mean, low, high = (float(x) for x in mean_interval(np.asarray(values, dtype=float)))
    interval = f"[{low:{form}}, {high:{form}}]" if len(values) > 1 else "one run, no interval"
    return mean, f"{mean:{form}}", interval


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation over time of every pair's two curves, (pairs,), pairs of different items."""
    different = ~np.eye(first.shape[1], dtype=bool)
    a, b = first[:, different], second[:, different]
    a, b = a - a.mean(0), b - b.mean(0)
    scale = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(scale > 0, scale, 1.0)


def to_markdown(claims: list[Claim]) -> str:
    """The claims as a table for people."""
    rows = []
    for c in claims:
        f = c.finding
        found = (f.predicted, f.measured, f.interval, f"**{f.verdict}**", f.reason)
        rows.append((c.id, c.claim, c.origin, *found, c.figure))
    head = (
        "id", "claim", "origin", "predicted", "measured", "interval", "verdict", "reason", "figure",
    )  # fmt: skip
    return markdown_table(head, rows) + "\n"
