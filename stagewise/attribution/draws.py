"""Draws of a run's losses, and what can be said from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr

from analysis.estimators.bif import bayesian_influence
from analysis.estimators.class_bif import class_influence
from analysis.sampling.diagnostics import local_learning_coefficient, to_dataset
from analysis.sampling.posterior import Draws
from analysis.sampling.settings import PosteriorConfig
from stagewise.attribution.data import DataError, memberships
from stagewise.attribution.health import Health, health_of
from stagewise.provenance.store import provenance, write_result

SIGN = "negative: the source helps the target; positive: it harms"


def joined(parts: Sequence[Draws]) -> Draws:
    """Draws of several groups of checkpoints as one.

    Args:
        parts: in the order of their checkpoints.

    Returns:
        all checkpoints.
    """
    stacked: dict[str, Any] = {
        name: torch.cat([getattr(part, name) for part in parts])
        for name in ("losses", "distance", "diverged", "checkpoint_losses")
    }
    return replace(parts[0], **stacked)


@dataclass(frozen=True)
class PosteriorDraws:
    """Losses drawn from the local posterior around every checkpoint of a run.

    Attributes:
        draws: losses (step, chain, draw, sample x token) and the state of the chains.
        steps: of the checkpoints.
        posterior: that was sampled, and how.
        seed: of all random streams.
        tokens: losses per sample; None: one.
        loss: its name.
        own: whether the losses kept are those that chains move on.
    """

    draws: Draws
    steps: list[int]
    posterior: PosteriorConfig
    seed: int
    tokens: int | None
    loss: str
    own: bool = True

    @property
    def samples(self) -> int:
        """How many samples were observed."""
        return self.draws.losses.shape[-1] // (self.tokens or 1)

    def influence(self, groups: Any = None, *, normalized: bool = False) -> xr.Dataset:
        """Influence between groups of samples, or single samples, at every checkpoint.

        That of a group on a group is the mean over pairs of different samples; of tokens, over
        pairs in different samples.

        Args:
            groups: a label per sample (samples,) or per token (samples, tokens), or group ->
                indices of its samples; None: single samples.
            normalized: correlations instead of covariances.

        Returns:
            influence and std_error, dims (step, source, target), in the loss's unit squared, or
            pure numbers if normalised; negative: the source helps. Attributes: unit, sign, seed,
            posterior and versions.

        Raises:
            DataError: groups do not fit the samples, or single tokens were asked for.
            ValueError: too few draws for a standard error.

        Source: Kreer et al. 2025 (arXiv:2509.26544); groups as in Lee et al. (arXiv:2510.12071).

        Example:
            >>> from stagewise.attribution.example import example
            >>> run, data, posterior = example()
            >>> draws = run.sample(data, loss="squared_error", posterior=posterior)
            >>> found = draws.influence(groups=["left", "left", "right", "right"])
            >>> bool(found.influence.sel(step=0, source="left", target="left") < 0)
            True
        """
        traces = self.draws.losses
        if groups is None:
            if self.tokens is not None:
                raise DataError(
                    f"each sample has {self.tokens} losses: name groups of tokens, or give a loss "
                    "with one value per sample"
                )
            names: list[Any] = list(range(self.samples))
            found = [bayesian_influence(t.numpy(), normalized=normalized) for t in traces]
        else:
            names, members = memberships(groups, self.samples, self.tokens)
            # Without tokens all samples are one sequence, whose pairs are all counted: quicker.
            pairs = "all" if self.tokens is None else "across_sequences"
            members = members.transpose(0, 1) if self.tokens is None else members
            variants = [
                class_influence(t.unflatten(-1, members.shape[:2]), members) for t in traces
            ]
            wanted = (pairs, normalized)
            chosen = [next(v for v in of if (v.pairs, v.normalized) == wanted) for of in variants]
            found = [(v.influence.numpy(), v.std_error.numpy()) for v in chosen]
        values, errors = (np.stack(part) for part in zip(*found, strict=True))
        dims = ("step", "source", "target")
        unit = "1" if normalized else "loss^2"
        return xr.Dataset(
            {
                "influence": (dims, values, {"unit": unit, "sign": SIGN}),
                "std_error": (dims, errors, {"unit": unit}),
            },
            coords={"step": self.steps, "source": names, "target": names},
            attrs={"estimator": "bif", "normalized": int(normalized), "loss": self.loss}
            | self.origin,
        )

    @property
    def origin(self) -> dict[str, Any]:
        """What the draws depend on: posterior, seed, versions of the code and of packages."""
        made = provenance({"posterior": self.posterior.model_dump()}, self.seed)
        return {
            "seed": self.seed,
            "posterior": self.posterior.model_dump_json(),
            "code": made["code"],
            "packages": ", ".join(f"{k} {v}" for k, v in made["packages"].items()),
        }

    def learning_coefficients(self) -> pd.DataFrame:
        """The local learning coefficient at every checkpoint.

        Returns:
            step, llc, std_error: nbeta times the unit of the loss.

        Raises:
            DataError: the losses kept are of other data, so that the posterior's are not known.

        Source: Lau et al. 2023 (arXiv:2308.12108).

        Example:
            >>> from stagewise.attribution.example import example
            >>> run, data, posterior = example()
            >>> draws = run.sample(data, loss="squared_error", posterior=posterior)
            >>> draws.learning_coefficients()["step"].tolist()
            [0, 5, 20, 80]
        """
        if not self.own:
            raise DataError(
                "learning coefficients are of the losses that chains move on: sample without "
                "observed"
            )
        rows = []
        for k, step in enumerate(self.steps):
            one = replace(
                self.draws, losses=self.draws.losses[k : k + 1],
                diverged=self.draws.diverged[k : k + 1],
                checkpoint_losses=self.draws.checkpoint_losses[k : k + 1],
            )  # fmt: skip
            value, error = local_learning_coefficient(one, self.posterior)
            rows.append({"step": step, "llc": value, "std_error": error})
        return pd.DataFrame(rows)

    def check(self) -> Health:
        """Can these draws be trusted?

        Returns:
            a verdict in sentences, each with the setting to change, and the numbers behind it;
            print it.

        Example:
            >>> from stagewise.attribution.example import example
            >>> run, data, posterior = example()
            >>> draws = run.sample(data, loss="squared_error", posterior=posterior)
            >>> draws.check().trusted
            True
        """
        return health_of(self.draws, self.posterior, self.steps)

    def to_inference_data(self) -> Any:
        """The draws for arviz, one variable "loss" with dims (chain, draw, step, sample).

        Returns:
            arviz.InferenceData with a posterior group.

        Example:
            >>> from stagewise.attribution.example import example
            >>> run, data, posterior = example()
            >>> draws = run.sample(data, loss="squared_error", posterior=posterior)
            >>> dict(draws.to_inference_data().posterior["loss"].sizes)
            {'chain': 8, 'draw': 200, 'step': 4, 'sample': 4}
        """
        from analysis.sampling.diagnostics import arviz

        names = [str(i) for i in range(self.draws.losses.shape[-1])]
        found = to_dataset(self.draws, self.steps, names).transpose(
            "chain", "draw", "step", "sample"
        )
        found = found.assign_coords(
            chain=range(found.sizes["chain"]), draw=range(found.sizes["draw"])
        )
        return arviz.InferenceData(posterior=found.assign_attrs(self.origin))

    def to_parquet(self, path: str | Path, groups: Any = None) -> Path:
        """Influence, raw and normalised, in the layout of the pipeline's influence table.

        Args:
            path: of the file; folders above it are made.
            groups: as of `influence`.

        Returns:
            the path.

        Raises:
            DataError: groups do not fit the samples.

        Example:
            >>> from stagewise.attribution.example import example
            >>> run, data, posterior = example()
            >>> draws = run.sample(data, loss="squared_error", posterior=posterior)
            >>> import tempfile
            >>> path = draws.to_parquet(Path(tempfile.mkdtemp()) / "influence.parquet")
            >>> len(pd.read_parquet(path))  # 4 steps x 4 x 4 samples, raw and normalised
            128
        """
        from analysis.tables.curves import influence_table

        tables = []
        for normalized in (False, True):
            found = self.influence(groups, normalized=normalized)
            named = found.assign_coords(
                {axis: [str(n) for n in found[axis].values] for axis in ("source", "target")}
            )
            array = named.influence.assign_coords(std_error=named.std_error)
            array.attrs["estimator"] = "bif"
            tables.append(influence_table(array, self.seed).assign(normalized=normalized))
        made = provenance({"posterior": self.posterior.model_dump()}, self.seed)
        path = Path(path)
        write_result("toy", "influence", pd.concat(tables, ignore_index=True), path, made)
        return path
