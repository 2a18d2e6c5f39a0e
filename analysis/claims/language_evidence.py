"""What claims about language models may use: the result tables of one model, run by run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, t

from analysis.claims.core import Claim
from analysis.claims.evidence import Evidence
from analysis.development.transitions import formation
from analysis.statistics.uncertainty import LEVEL, degrees_of_freedom


@dataclass(frozen=True)
class LanguageEvidence(Evidence):
    """The result tables of one language model.

    Attributes:
        model: its name.
        runs: by table name, which run of the pipeline it is from, in words.
    """

    model: str
    runs: Mapping[str, str]

    @property
    def seeds(self) -> list[int]:
        """Seeds whose stages are known."""
        return sorted(self.tables["transitions"]["seed"].unique().tolist())

    def formations(self) -> dict[int, pd.Series]:
        """When induction formed, of the runs in which it did; see
        `development.transitions.formation`.

        Returns:
            seed -> start, middle, end (25, 50 and 75 % learnt), in steps.
        """
        rows = formation(self.tables["transitions"])
        there = np.isfinite(rows[["start", "end"]].astype(float)).all(axis=1)
        return {int(row["seed"]): row for _, row in rows[there].sort_values("seed").iterrows()}

    def curve(self, label: str, source: str, target: str, seed: int) -> pd.DataFrame:
        """Influence of one pair of classes in one run.

        Args:
            label: of the curve: bif, bif_normalized or gradient.
            source: a class.
            target: a class.
            seed: of the run.

        Returns:
            step, mean, low, high and error, the standard error (nats^2 or correlation; negative:
            helps; error 0: exact), in time order; empty where there is no such curve.
        """
        found = self._pair(self.tables["trajectories"], "label", label, source, target, seed)
        reach = t.isf((1 - LEVEL) / 2, degrees_of_freedom(1))  # of one run's own interval
        error = (found["high"] - found["low"]) / 2 / reach
        return found.assign(error=error).sort_values("step")

    def events(self, label: str, source: str, target: str, seed: int) -> pd.DataFrame:
        """Flips and peaks of one pair of classes in one run, the contract's columns in time order;
        empty where there are none. Arguments as for `curve`.
        """
        found = self._pair(self.tables["events"], "estimator", label, source, target, seed)
        return found.sort_values("step")

    def against_limit(self) -> tuple[float, int, int]:
        """Sampled influence against its limit of strong localisation, over all pairs, checkpoints
        and runs.

        Returns:
            rank correlation of the two, from -1 to 1; sampled flips that the limit shares (same
            direction, overlapping intervals); all sampled flips.
        """
        keys = ["experiment", "source", "target", "step"]
        curves = self.tables["trajectories"]
        curves = curves[curves["experiment"].str.contains("/seed")]
        wide = curves.pivot_table(index=keys, columns="label", values="mean")
        rank = float(spearmanr(wide["bif"], wide["gradient"]).statistic)
        flips = self.tables["events"]
        flips = flips[(flips["kind"] == "flip") & flips["experiment"].str.contains("/seed")]
        same = ["experiment", "source", "target", "direction"]
        sampled = flips[flips["estimator"] == "bif"].reset_index(names="row")
        both = sampled.merge(flips[flips["estimator"] == "gradient"], on=same)
        meet = (both["ci_low_x"] <= both["ci_high_y"]) & (both["ci_low_y"] <= both["ci_high_x"])
        return rank, both.loc[meet, "row"].nunique(), int((flips["estimator"] == "bif").sum())

    def _pair(
        self, table: pd.DataFrame, column: str, label: str, source: str, target: str, seed: int
    ) -> pd.DataFrame:
        run = f"language/{self.model}/seed{seed}"
        same = (table["experiment"] == run) & (table[column] == label)
        return table[same & (table["source"] == source) & (table["target"] == target)]

    def run_of(self, *names: str) -> str:
        """Which run of the pipeline the verdict rests on.

        Args:
            *names: of the tables that decided.

        Returns:
            the end of a reason, as in "rests on the recorded run".

        Raises:
            KeyError: it is not known which run a table is from.
        """
        return "rests on " + ", ".join(dict.fromkeys(self.runs[name] for name in names))


def not_run(
    model: str, present: bool, asked: Mapping[str, str], command: str
) -> Callable[[str], str]:
    """What to say of a model's table that is not there.

    Args:
        model: its name.
        present: whether any of its tables is.
        asked: table -> configuration key below the model that asks for it; "": none.
        command: that runs the model.

    Returns:
        name of a table -> a sentence that says why it is not there, and how to get it.
    """

    def missing(name: str) -> str:
        if present and asked.get(name):
            return f"not asked for (language.models.{model}.{asked[name]}): set it, then {command}"
        return f"the language model was not run: {command}"

    return missing


def of_model(found: Claim, model: str, *, first: bool) -> Claim:
    """A claim with its model's name; the first model's keep their plain ids.

    Args:
        found: the claim.
        model: its name.
        first: whether it is the first of the configuration.

    Returns:
        the claim, model in its text, its figure and, unless first, its id.
    """
    return replace(
        found,
        id=found.id if first else f"{found.id} {model}",
        claim=f"{found.claim} ({model})",
        figure=f"{found.figure}_{model}",
    )


def share(held: Sequence[bool | None]) -> str:
    """In how many runs, in words.

    Args:
        held: of each run whether it holds; None: open.

    Returns:
        as in "5 of 8", or "5 of 8, 2 open".
    """
    unsure = sum(each is None for each in held)
    told = f"{sum(each is True for each in held)} of {len(held)}"
    return told + (f", {unsure} open" if unsure else "")
