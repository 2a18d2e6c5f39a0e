"""The claims: what was predicted, what was measured, and a verdict, from result tables alone.

A claim is a function from evidence to a finding, decorated in a file of this package; no list names
it. Every threshold is part of the printed prediction and stands in `thresholds`. Seeds are the
independent unit: intervals are Student's t over seeds, because pairs of items are related by the
symmetry of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

import numpy as np

from analysis.claims.evidence import Evidence, NoEvidence
from analysis.statistics.uncertainty import mean_interval
from models.storage.declarations import modules_of
from models.storage.markdown import markdown_table

Verdict = Literal["replicated", "partly", "not replicated", "undecided", "not run"]
Origin = Literal["paper", "extension"]
Room = Literal["toy", "theory", "language"]


@dataclass(frozen=True)
class Finding:
    """What the tables say of a claim.

    Attributes:
        predicted: the claim made checkable, thresholds included.
        measured: the numbers, with their units.
        interval: theirs, 95 % unless it says otherwise.
        verdict: replicated, partly, not replicated, undecided or not run.
        reason: why this verdict, or what to keep in mind with it.
    """

    predicted: str
    measured: str
    interval: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Claim:
    """A row of the claims table.

    Attributes:
        id: as in "C1", or "C7 natural" for a further model.
        claim: what is claimed.
        origin: by whom: paper or extension.
        finding: what was found.
        figure: where to look, its name.
        paper: the paper's own number, or sign; "" where it gives none.
    """

    id: str
    claim: str
    origin: Origin
    finding: Finding
    figure: str
    paper: str = ""

    def record(self) -> dict[str, str]:
        """Everything but the id, as plain texts."""
        return {
            "claim": self.claim, "origin": self.origin, "paper": self.paper,
            **asdict(self.finding), "figure": self.figure,
        }  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """How a claim is decided: called with evidence, it gives the claim.

    Attributes:
        id: of the claim.
        text: the statement tested.
        origin: paper or extension.
        room: whose tables it reads.
        figure: that shows it.
        reads: names of the tables it may read.
        find: from evidence to a finding.
        paper: the paper's own number, or sign.
    """

    id: str
    text: str
    origin: Origin
    room: Room
    figure: str
    reads: tuple[str, ...]
    find: Callable[[Any], Finding]
    paper: str = ""

    def __call__(self, evidence: Evidence) -> Claim:
        """Decide the claim. Where the function finds no evidence, it was not run."""
        try:
            finding = self.find(evidence.for_claim(self.id, self.reads))
        except NoEvidence as missing:
            finding = Finding("", "", "", "not run", str(missing))
        return Claim(self.id, self.text, self.origin, finding, self.figure, self.paper)


RULES: dict[str, Rule] = {}


def claim(
    id: str,
    text: str,
    *,
    origin: Origin,
    room: Room,
    figure: str,
    reads: tuple[str, ...],
    paper: str = "",
) -> Callable[[Callable[[Any], Finding]], Rule]:
    """Make a claim of a function from evidence to a finding, and register it.

    Args:
        id: C and a number for the paper's claims, X and a number for ours.
        text: the statement tested.
        origin: paper or extension.
        room: toy, theory or language: whose evidence it takes.
        figure: that shows it; of a language model without the model's name.
        reads: tables of the catalogue it may look at.
        paper: the number, or sign, that the paper itself gives, to stand beside ours.

    Returns:
        a decorator that registers the function which decides: it takes the evidence of the room,
        returns what was predicted and measured with the verdict, and raises NoEvidence where a
        table does not hold what is needed.

    Raises:
        ValueError: two claims have one id.
    """

    def register(find: Callable[[Any], Finding]) -> Rule:
        known = RULES.get(id)
        if known is not None and known.find.__module__ != find.__module__:
            raise ValueError(
                f"two claims are called {id}: in {known.find.__module__} and {find.__module__}"
            )
        RULES[id] = Rule(id, text, origin, room, figure, reads, find, paper)
        return RULES[id]

    return register


@cache
def rules() -> tuple[Rule, ...]:
    """All claims, from every module of this package.

    Returns:
        the paper's before ours, C1 before C10.

    Raises:
        ValueError: two claims have one id.
    """
    for module in modules_of(__package__ or ""):
        import_module(module)
    return tuple(sorted(RULES.values(), key=lambda rule: order(rule.id)))


def claims_of(room: Room) -> list[Rule]:
    """The claims that are decided from a room's tables.

    Args:
        room: toy, theory or language.

    Returns:
        their rules, in order.
    """
    return [rule for rule in rules() if rule.room == room]


def order(id: str) -> tuple[str, int, str]:
    """C1 before C10, the paper's before ours, a claim's models one after another.

    Args:
        id: of a claim: a letter, a number and, after a space, the model if it is a further one.

    Returns:
        a key to sort by: letter, number, model.

    Raises:
        ValueError: the id has no number.
    """
    plain, _, model = id.partition(" ")
    return plain[0], int(plain[1:]), model


def graded(held: Sequence[bool | None]) -> Verdict:
    """All parts of a prediction held, some, or none; or the data do not tell.

    Args:
        held: of each part whether it held, (parts,), at least one; None where its interval leaves
            both possible.

    Returns:
        replicated where all hold; undecided where none is refuted and some are open; else partly
        where some hold, and not replicated where none does.

    Example:
        >>> graded([True, True]), graded([True, None]), graded([True, False]), graded([None, False])
        ('replicated', 'undecided', 'partly', 'not replicated')
    """
    if all(held):
        return "replicated"
    if all(part is None or part for part in held):
        return "undecided"
    return "partly" if any(held) else "not replicated"


def over_seeds(values: Sequence[float], form: str = ".2f") -> tuple[float, str, str]:
    """Mean over seeds with its 95 % interval by Student's t, as texts.

    Args:
        values: one per seed, any unit.
        form: of a number, as in format().

    Returns:
        the mean; the mean as text; its interval as text, "one run, no interval" for one seed.

    Raises:
        NoEvidence: there are no values, or one is not finite.
    """
    if not len(values) or not np.isfinite(values).all():
        raise NoEvidence("undefined in at least one seed: nothing varies, or nothing was learnt")
    mean, low, high = (float(x) for x in mean_interval(np.asarray(values, dtype=float)))
    interval = f"[{low:{form}}, {high:{form}}]" if len(values) > 1 else "one run, no interval"
    return mean, f"{mean:{form}}", interval


def to_markdown(claims: Iterable[Claim]) -> str:
    """The claims as one table for people.

    Args:
        claims: in their order.

    Returns:
        Markdown, a row per claim, with a line break at the end.
    """
    rows = []
    for c in claims:
        f = c.finding
        found = (f.predicted, f.measured, f.interval, f"**{f.verdict}**", f.reason)
        rows.append((c.id, c.claim, c.origin, *found, c.figure))
    head = (
        "id", "claim", "origin", "predicted", "measured", "interval", "verdict", "reason", "figure",
    )  # fmt: skip
    return markdown_table(head, rows) + "\n"
