"""What a claim may use: result tables, of which each claim reads those that it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd


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
        """The same tables, of which a claim may read those it declares.

        Args:
            id: of the claim, for the message.
            reads: names of those tables.

        Returns:
            tables that raise UndeclaredTableError where the claim reads another, and NoEvidence
            where one of its own was not made.
        """
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
        tables: by name.
        seed: of bootstraps and permutations.
    """

    tables: EvidenceTables
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers, the same at every call."""
        return np.random.default_rng(self.seed)

    def for_claim(self, id: str, reads: tuple[str, ...]) -> Self:
        """The same evidence, of which a claim may read the tables it declares.

        Args:
            id: of the claim, for the message.
            reads: names of those tables.

        Returns:
            evidence of the same kind.
        """
        return replace(self, tables=self.tables.for_claim(id, reads))
