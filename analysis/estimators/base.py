"""What an estimator of influence is, and how one is found: a file of this package with ESTIMATOR.

Influence travels as an `xarray.DataArray` called "influence": dims (step, source, target) for a run
of the toy, (source, target) for a checkpoint of a language model, with a leading dim where an
estimator has several variants (`eta`: the share of the source removed; `normalized`: covariance or
correlation; `pairs`: which pairs of tokens count). Negative: the source helps the target. Sampled
values carry a coordinate `std_error` of the same dims. Nothing relies on the order of an axis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from torch import Tensor

from analysis.sampling.settings import PosteriorConfig
from models.storage.declarations import declared, modules_of
from models.toy.checkpoints import ToyRun
from models.toy.settings import Optimizer

if TYPE_CHECKING:
    from analysis.estimators.known_covariance import KnownCovariance

Models = Literal["toy", "language"]
Needs = Literal["network", "gradients", "draws"]


class NotApplicable(Exception):
    """The estimator does not apply to this run; the message says why."""


@dataclass(frozen=True)
class NetworkRun:
    """What an estimator may use of one run of the linear network.

    Attributes:
        checkpoints: weights (checkpoints, ...), targets, steps, learning rate, names.
        optimizer: of its training.
        batches: factors on the sample weights, (steps, items); None: all items at every step.
        posterior: the local posterior at every checkpoint.
        removal_fractions: shares of the source that leave-one-out removes, in (0, 1].
        traces: losses drawn at every checkpoint, (step, chain, draw, item), squared-error units,
            where sampled.
        controls: a control variate of these for every checkpoint, where there is one.
    """

    checkpoints: ToyRun
    optimizer: Optimizer
    batches: Tensor | None
    posterior: PosteriorConfig
    removal_fractions: tuple[float, ...]
    traces: Tensor | None = None
    controls: list[KnownCovariance] | None = None

    @property
    def full_gradient_descent(self) -> bool:
        """Whether it was trained by plain gradient descent on all items."""
        return self.optimizer == "gradient_descent" and self.batches is None

    @property
    def training(self) -> str:
        """How it was trained, in words."""
        if self.batches is None:
            return self.optimizer
        return f"{self.optimizer} with batches of {int((self.batches[0] > 0).sum())}"


class Estimator(ABC):
    """One way to estimate influence.

    Attributes:
        name: in tables and commands.
        title: in figures.
        says: one sentence.
        unit: of its values.
        models: "toy" or "language": what it is for.
        needs: "network" (a training run of the linear network), "gradients" (of classes at a
            checkpoint) or "draws" (losses under the local posterior).
        settings: configuration keys below the model that it depends on, beside its checkpoints.
        shown_with: another estimator's row in which figures draw it; "": a row of its own.
        rank: place among the estimators; new ones come last.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    says: ClassVar[str]
    unit: ClassVar[str]
    models: ClassVar[Models]
    needs: ClassVar[Needs]
    settings: ClassVar[tuple[str, ...]] = ()
    shown_with: ClassVar[str] = ""
    rank: ClassVar[int] = 100

    @abstractmethod
    def compute(self, run: Any) -> xr.DataArray:
        """Influence of a run (`NetworkRun`; of a language model, a `Measurement`).

        Args:
            run: what it may use.

        Returns:
            influence with named dims; negative: the source helps.

        Raises:
            NotApplicable: it does not apply to this run; says why.
        """

    def array(
        self,
        values: Tensor | np.ndarray,
        coords: dict[str, Sequence[Any]],
        std_error: np.ndarray | None = None,
    ) -> xr.DataArray:
        """Values as influence with names.

        Args:
            values: influence in the estimator's unit, one axis per name.
            coords: name of a dimension -> its coordinates, in the order of the axes.
            std_error: of the values, the same shape; None: exact.

        Returns:
            "influence", with the unit and the estimator's name as attributes, and std_error as a
            coordinate where there is one.

        Raises:
            ValueError: a dimension is not as long as its axis.
        """
        found = xr.DataArray(
            np.asarray(values), dims=list(coords), coords={k: list(v) for k, v in coords.items()},
            name="influence", attrs={"unit": self.unit, "estimator": self.name},
        )  # fmt: skip
        return found if std_error is None else found.assign_coords(
            std_error=(list(coords), std_error)
        )  # fmt: skip

    def of_items(
        self,
        values: Tensor | np.ndarray,
        run: ToyRun,
        std_error: np.ndarray | None = None,
        **leading: Sequence[Any],
    ) -> xr.DataArray:
        """Influence of a toy run with names.

        Args:
            values: (*leading, step, source, target), in the estimator's unit.
            run: its steps and items are the coordinates.
            std_error: of the values, the same shape; None: exact.
            **leading: name -> coordinates of what comes before, in order: eta or normalized.

        Returns:
            dims (*leading, step, source, target).

        Raises:
            ValueError: a dimension is not as long as its axis.
        """
        axes = {"step": run.steps, "source": run.items, "target": run.items}
        return self.array(values, {**leading, **axes}, std_error)

    def of_classes(
        self,
        values: Tensor,
        names: Sequence[str],
        n_pairs: Tensor,
        *,
        pairs: Sequence[str],
        normalized: Sequence[bool],
        std_error: Tensor | None = None,
    ) -> xr.DataArray:
        """Class influence of one checkpoint with names.

        Args:
            values: (variant, source, target), in the estimator's unit.
            names: of the classes, (classes,).
            n_pairs: pairs of tokens behind each value, the same shape.
            pairs: which pairs of tokens count, by variant: all or across_sequences.
            normalized: correlation instead of covariance, by variant.
            std_error: of the values, the same shape; None: exact.

        Returns:
            dims (variant, source, target), with coordinates n_pairs, pairs and normalized.

        Raises:
            ValueError: a dimension is not as long as its axis.
        """
        axes = {"variant": range(len(values)), "source": names, "target": names}
        error = None if std_error is None else std_error.numpy()
        return self.array(values, axes, error).assign_coords(
            n_pairs=(list(axes), n_pairs.numpy()),
            pairs=("variant", list(pairs)),
            normalized=("variant", list(normalized)),
        )


@cache
def registered() -> dict[tuple[str, str], Estimator]:
    """All estimators, from every module of this package that has an ESTIMATOR.

    Returns:
        (models, name) -> estimator, by rank, then by name.

    Raises:
        ValueError: two of the same models have one name.
    """
    modules = [m for m in modules_of(__package__ or "") if "ESTIMATOR" in declared(m).names]
    found: list[Estimator] = [import_module(module).ESTIMATOR for module in modules]
    ordered = sorted(found, key=lambda e: (e.rank, e.name))
    by_name: dict[tuple[str, str], Estimator] = {}
    for each in ordered:
        if (each.models, each.name) in by_name:
            raise ValueError(f"two estimators of {each.models} are called {each.name}")
        by_name[each.models, each.name] = each
    return by_name


def estimators(models: Models, *needs: Needs) -> list[Estimator]:
    """The estimators of the toy or of language models, in order.

    Args:
        models: toy or language.
        *needs: only those that need one of these; none: all.

    Returns:
        by rank, then by name.
    """
    every = [each for (of, _), each in registered().items() if of == models]
    return [each for each in every if not needs or each.needs in needs]


def estimator(models: Models, name: str) -> Estimator:
    """One estimator by its name.

    Args:
        models: toy or language.
        name: of the estimator.

    Returns:
        the estimator.

    Raises:
        ValueError: there is none such; says which there are.
    """
    try:
        return registered()[models, name]
    except KeyError:
        allowed = ", ".join(each.name for each in estimators(models))
        raise ValueError(f"estimator {name!r}: choose one of {allowed}") from None
