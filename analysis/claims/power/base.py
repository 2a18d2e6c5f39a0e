"""How often a rule of verdict is right where the truth is known: every rule on synthetic tables.

A truth is a function from random numbers to evidence, decorated in a file of this package; no list
names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import get_args

import numpy as np
import pandas as pd

from analysis.claims.core import Verdict, order, rules
from analysis.claims.evidence import Evidence
from models.storage.declarations import modules_of

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
COLUMNS = ("claim", "truth", "holds", "replicates", *VERDICTS)


@dataclass(frozen=True)
class Truth:
    """A world in which it is known whether a claim holds.

    Attributes:
        claim: its id.
        name: what is true there, in words.
        holds: whether the claim holds there: "yes", "no", or "in part".
        make: from random numbers to the evidence that such a world would give.
    """

    claim: str
    name: str
    holds: str
    make: Callable[[np.random.Generator], Evidence]


TRUTHS: list[Truth] = []
Maker = Callable[[np.random.Generator], Evidence]


def truth(claim: str, name: str, *, holds: str) -> Callable[[Maker], Maker]:
    """Declare what a claim's evidence looks like in one world.

    Args:
        claim: id of the claim.
        name: what is true there, in words.
        holds: whether the claim holds there: yes, no, or in part.

    Returns:
        a decorator that registers the function which makes the evidence.

    Raises:
        ValueError: `holds` is something else.
    """
    if holds not in ("yes", "no", "in part"):
        raise ValueError(f"truth {name!r} of {claim}: holds = {holds!r}; allowed: yes, no, in part")

    def register(make: Maker) -> Maker:
        TRUTHS.append(Truth(claim, name, holds, make))
        return make

    return register


@cache
def truths() -> tuple[Truth, ...]:
    """All truths, from every module of this package.

    Returns:
        by claim, those in which it holds first.
    """
    for module in modules_of(__package__ or ""):
        import_module(module)
    rank = {"yes": 0, "in part": 1, "no": 2}
    return tuple(sorted(TRUTHS, key=lambda t: (order(t.claim), rank[t.holds])))


def verdicts(one: Truth, replicates: int, seed: int) -> Iterator[Verdict]:
    """What a claim's rule says in repeated draws of one world.

    Args:
        one: the world.
        replicates: draws of it.
        seed: of the draws.

    Yields:
        a verdict per draw.
    """
    rule = next(rule for rule in rules() if rule.id == one.claim)
    for child in np.random.SeedSequence([seed, len(one.name)]).spawn(replicates):
        yield rule(one.make(np.random.default_rng(child))).finding.verdict


def power_table(
    replicates: int, seed: int, progress: Callable[[int], None] | None = None
) -> pd.DataFrame:
    """How often every rule gives which verdict, world by world.

    Args:
        replicates: draws of every world.
        seed: of the draws.
        progress: called with 1 after every world.

    Returns:
        claim, truth, holds, replicates, and the share of every verdict, from 0 to 1.
    """
    rows = []
    for one in truths():
        counted = Counter(verdicts(one, replicates, seed))
        row: dict[str, object] = {"claim": one.claim, "truth": one.name, "holds": one.holds}
        row["replicates"] = replicates
        row |= {verdict: counted[verdict] / replicates for verdict in VERDICTS}
        rows.append(row)
        if progress is not None:
            progress(1)
    return pd.DataFrame(rows, columns=list(COLUMNS))
