"""The claims: what was predicted, what was measured, and a verdict, from result tables alone.

A claim is a function from evidence to a finding, decorated in a file of this package; no list names
it. Every threshold is part of the printed prediction and stands in `thresholds`. Seeds are the
independent unit: intervals are Student's t over seeds, because pairs of items are related by the
symmetry of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from analysis.statistics.uncertainty import mean_interval
from models.storage.declarations import modules_of
from models.storage.markdown import markdown_table

Verdict = Literal["replicated", "partly", "not replicated", "not run"]
Origin = Literal["paper", "extension"]
Room = Literal["toy", "theory", "language"]


class NoEvidence(Exception):
    """The tables hold nothing that could decide the claim; the message says what is missing."""


class UndeclaredTableError(RuntimeError):
    """A claim reads a table that its decorator does not name."""


class EvidenceTables(dict[str, pd.DataFrame]):
    """Result tables by name. One that was not made is no evidence; one that the claim at hand did
    not declare is an error.

    Args:
        tables: those that are there.
        missing: what to say of one that is not.
        reader: of the tables, in messages.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        missing: Callable[[str], str] = lambda name: f"the table {name} was not made",
        reader: tuple[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(tables)
        self._missing, self._reader = missing, reader

    def for_claim(self, id: str, reads: tuple[str, ...]) -> EvidenceTables:
        """The same tables, of which the claim may read those it declares."""
        return EvidenceTables(self, self._missing, (id, reads))

    def __getitem__(self, name: str) -> pd.DataFrame:
        if self._reader is not None and name not in self._reader[1]:
            claim_id, reads = self._reader
            raise UndeclaredTableError(
                f"claim {claim_id} reads {name!r}, but declares reads={reads}"
            )
        if name not in self:
            raise NoEvidence(self._missing(name))
        return super().__getitem__(name)


@dataclass(frozen=True)
class Evidence:
    """What a claim may use: result tables, and what else its kind of evidence adds.

    Attributes:
        tables: by name; seed: of bootstraps and permutations.
    """

    tables: EvidenceTables
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers, the same at every call."""
        return np.random.default_rng(self.seed)

    def for_claim(self, id: str, reads: tuple[str, ...]) -> Self:
        """The same evidence, of which the claim may read the tables it declares."""
        return replace(self, tables=self.tables.for_claim(id, reads))


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


@dataclass(frozen=True)
class Rule:
    """How a claim is decided.

    Attributes:
        id, text, origin, figure: of the claim; room: whose tables it reads; reads: their names.
        find: from evidence to a finding.
    """

    id: str
    text: str
    origin: Origin
    room: Room
    figure: str
    reads: tuple[str, ...]
    find: Callable[[Any], Finding]

    def __call__(self, evidence: Evidence) -> Claim:
        """Decide the claim. Where the function finds no evidence, it was not run."""
        try:
            finding = self.find(evidence.for_claim(self.id, self.reads))
        except NoEvidence as missing:
            finding = Finding("", "", "", "not run", str(missing))
        return Claim(self.id, self.text, self.origin, finding, self.figure)


RULES: dict[str, Rule] = {}


def claim(
    id: str, text: str, *, origin: Origin, room: Room, figure: str, reads: tuple[str, ...]
) -> Callable[[Callable[[Any], Finding]], Rule]:
    """Make a claim of a function from evidence to a finding, and register it.

    Args:
        id: as in SCIENCE and the claims page.
        text: the statement tested.
        origin: paper or extension.
        room: toy, theory or language.
        figure: that shows it.
        reads: tables of the catalogue it may look at.

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
        RULES[id] = Rule(id, text, origin, room, figure, reads, find)
        return RULES[id]

    return register


@cache
def rules() -> tuple[Rule, ...]:
    """All claims: the paper's before ours, C1 before C10.

    Returns:
        in that order.
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
        id: of a claim.

    Returns:
        a key to sort by.
    """
    plain, _, model = id.partition(" ")
    return plain[0], int(plain[1:]), model


def graded(held: Sequence[bool]) -> Verdict:
    """All parts of a prediction held, some, or none.

    Args:
        held: whether each part held.

    Returns:
        replicated, partly or not replicated.
    """
    if all(held):
        return "replicated"
    return "partly" if any(held) else "not replicated"


def over_seeds(values: Sequence[float], form: str = ".2f") -> tuple[float, str, str]:
    """Mean over seeds, and as texts the mean and its 95 % interval.

    Args:
        values: one per seed.
        form: of a number, as in format().

    Returns:
        the mean with its 95 % interval, in words.

    Raises:
        NoEvidence: there are no values, or one is undefined.
    """
    if not len(values) or not np.isfinite(values).all():
        raise NoEvidence("undefined in at least one seed: nothing varies, or nothing was learnt")
    mean, low, high = (float(x) for x in mean_interval(np.asarray(values, dtype=float)))
    interval = f"[{low:{form}}, {high:{form}}]" if len(values) > 1 else "one run, no interval"
    return mean, f"{mean:{form}}", interval


def to_markdown(claims: Iterable[Claim]) -> str:
    """The claims as a table for people.

    Args:
        claims: in their order.

    Returns:
        Markdown.
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
