"""What claims about the theory may use: its tables, by names and never by row order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.claims.evidence import Evidence, NoEvidence


@dataclass(frozen=True)
class TheoryEvidence(Evidence):
    """The theory's tables.

    Attributes:
        hierarchies, optimizers: names, in the order in which they are told; the first optimizer is
            the one compared with.
    """

    hierarchies: tuple[str, ...]
    optimizers: tuple[str, ...]

    def in_order(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows in the order in which they are told: by hierarchy, bif before unrolled before the
        rest.

        Args:
            table: with columns hierarchy and estimator.

        Returns:
            the same columns with a fresh index; hierarchies that are not told come last.
        """
        place = {name: k for k, name in enumerate(self.hierarchies)}
        first = table["estimator"].map({"bif": 0, "unrolled": 1}).fillna(2)
        ordered = table.assign(_h=table["hierarchy"].map(place), _e=first)
        ordered = ordered.sort_values(["_h", "_e", "estimator"])
        return ordered.drop(columns=["_h", "_e"]).reset_index(drop=True)

    @property
    def phases(self) -> PhaseEvidence:
        """The tables on phases."""
        return PhaseEvidence(self.tables["phases"], self.tables["phases_sampled"])


@dataclass(frozen=True)
class PhaseEvidence:
    """The tables of the stage on phases, as it describes them.

    Attributes:
        phases: exact curves and the predictions by free energy.
        sampled: the sampler's estimates.
    """

    phases: pd.DataFrame
    sampled: pd.DataFrame

    def curve(
        self, quantity: str, posterior: str = "global", gamma: float = 0.0, anchor: str = ""
    ) -> np.ndarray:
        """A quantity on the grid of n.

        Args:
            quantity: as the table calls it.
            posterior: global, or local to an anchor.
            gamma: localisation, 1/length^2; 0 for the global posterior.
            anchor: the well where the local posterior is centred; "" for the global one.

        Returns:
            (sizes, source, target), samples in alphabetical order, in the quantity's unit
            (influences: nats squared, negative helps); an axis is 1 long where the quantity has no
            source or target.

        Raises:
            NoEvidence: the table does not hold it, or not at every n.
        """
        t = self.phases
        chosen = (t["posterior"] == posterior) & (t["gamma"] == gamma) & (t["anchor"] == anchor)
        rows = t[chosen & (t["quantity"] == quantity)].set_index(["n", "source", "target"])["value"]
        axes = [sorted(rows.index.unique(level)) for level in rows.index.names]
        whole = pd.MultiIndex.from_product(axes)
        complete = len(rows) == len(whole) and len(axes[0]) == len(self.sizes)
        if rows.empty or not complete or not np.isfinite(rows).all():
            raise NoEvidence(f"no complete curve of {quantity} ({posterior})")
        return rows.reindex(whole).to_numpy().reshape([len(axis) for axis in axes])

    def predicted(self, posterior: str, quantity: str) -> float:
        """One number that free energy predicts.

        Args:
            posterior: free_energy, or leading_order: without the volumes of the wells.
            quantity: critical_n or width, both in samples.

        Returns:
            the number.

        Raises:
            NoEvidence: the table does not hold it.
        """
        t = self.phases
        rows = t[(t["posterior"] == posterior) & (t["quantity"] == quantity)]
        if rows.empty:
            raise NoEvidence(f"no {quantity} predicted by {posterior}")
        return float(rows["value"].iloc[0])

    @property
    def sizes(self) -> np.ndarray:
        """The grid of n, (sizes,), samples, ascending."""
        t = self.phases
        return np.unique(t.loc[(t["posterior"] == "global") & (t["quantity"] != "flip"), "n"])

    @property
    def between(self) -> np.ndarray:
        """What the total has beyond the weighted within-phase terms, (sizes, source, target), nats
        squared.
        """
        return self.curve("total") - self.curve("within")

    @property
    def names(self) -> list[str]:
        """The samples, in alphabetical order."""
        return sorted(self.phases.loc[self.phases["quantity"] == "mean_U", "source"].unique())

    @property
    def weight(self) -> np.ndarray:
        """Weight of phase U in the global posterior, (sizes,)."""
        return self.curve("weight_U")[:, 0, 0]

    @property
    def gaps(self) -> np.ndarray:
        """Products of the phases' gaps in mean loss, (sizes, source, target), nats squared."""
        gap = (self.curve("mean_U") - self.curve("mean_V"))[..., 0]
        return gap[:, :, None] * gap[:, None, :]
