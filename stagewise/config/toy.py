"""The configuration of the toy model."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from analysis.sampling.settings import PosteriorConfig
from analysis.statistics.jackknife import MIN_BLOCKS
from models.settings import Section, ascending, distinct
from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy
from models.toy.settings import Optimizer


class SweepConfig(Section):
    """The sampler settings compared in the sweep (claim C6): every combination is run."""

    nbeta: list[float] = Field(
        [10.0, 80.0, 640.0], min_length=1, description="n x beta values [ours]"
    )
    gamma: list[float] = Field(
        [100.0, 1000.0, 10000.0, 100000.0],
        min_length=1,
        description="localisations, 1/parameter^2 [ours]",
    )
    relative_step: list[float] = Field(
        [0.05, 0.15, 0.5], min_length=1, description="step_size x (gamma + nbeta), below 4 [ours]"
    )
    chains: int = Field(16, ge=2, description="chains per checkpoint [ours]")
    time: float = Field(
        25.0, gt=0, description="relative_step x draws of a chain, the same for all [ours]"
    )
    seeds: int = Field(4, ge=1, description="toy seeds compared, at most those there are [ours]")
    every: int = Field(4, ge=1, description="use every so many checkpoints [ours]")
    relaxations: float = Field(
        3.0, ge=0, description="burn-in, in relaxation times of 2 / relative_step steps [ours]"
    )

    @field_validator("nbeta", "gamma", "relative_step")
    @classmethod
    def _positive(cls, values: list[float]) -> list[float]:
        if min(values) <= 0:
            raise ValueError("every value must be greater than 0")
        return distinct(values)

    @field_validator("relative_step")
    @classmethod
    def _stable(cls, values: list[float]) -> list[float]:
        if max(values) >= 4:
            raise ValueError("every value must be below 4, where SGLD is unstable")
        return values


class LimitsConfig(Section):
    """Strong localisation against instantaneous influence (claim X5)."""

    gammas: list[float] = Field(
        [1e2, 3e2, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6],
        min_length=1,
        description="localisations compared with the limit, 1/parameter^2 [ours]",
    )
    every: int = Field(5, ge=1, description="use every so many checkpoints [ours]")

    @field_validator("gammas")
    @classmethod
    def _positive(cls, values: list[float]) -> list[float]:
        if min(values) <= 0:
            raise ValueError("every value must be greater than 0")
        return distinct(values)


class HorizonsConfig(Section):
    """How far ahead influence tells what a short window of another weight does (claim X11)."""

    window: int = Field(20, ge=1, description="steps in which a sample has another weight [ours]")
    changes: list[float] = Field(
        [-1.0, 1.0],
        min_length=1,
        description="added to its weight 1: -1 removes it, 1 doubles it [ours]",
    )
    ahead: list[int] = Field(
        [1, 2, 5, 10, 20, 50, 100, 200, 400],
        min_length=1,
        description="steps after the window's begin; those above half of training are skipped",
    )
    every: int = Field(2, ge=1, description="a window from every so many checkpoints [ours]")

    @field_validator("changes")
    @classmethod
    def _changes(cls, values: list[float]) -> list[float]:
        if 0 in values or min(values) < -1:
            raise ValueError("every value must be at least -1 and not 0")
        return distinct(values)

    @field_validator("ahead")
    @classmethod
    def _ahead(cls, values: list[int]) -> list[int]:
        return ascending(values, at_least=1)

    def within(self, steps: int) -> list[int]:
        """Those of `ahead` that training of so many steps leaves room for."""
        return [ahead for ahead in self.ahead if ahead <= max(1, steps // 2)]


class ToyConfig(Section):
    """The two-layer linear network on a semantic hierarchy."""

    hierarchy: dict[str, Any] = Field(
        DEFAULT_HIERARCHY, description="nested mapping; leaves are items, inner names are features"
    )
    focus: list[str] | None = Field(
        None, description="close-up items, source first; null: dog, cat, sparrow, lily if present"
    )
    hidden_width: int = Field(16, ge=1, description="hidden units [ours]")
    learning_rate: float = Field(0.05, gt=0, description="of training [ours]")
    init_scale: float = Field(0.01, gt=0, description="standard deviation of a weight at step 0")
    initialisation: Literal["random", "aligned"] = Field(
        "random", description="random, or aligned with the modes"
    )
    steps: int = Field(1000, ge=1, lt=2**20, description="training steps")
    checkpoint_every: int = Field(20, ge=1, description="steps between checkpoints")
    optimizer: Optimizer = Field(
        "gradient_descent", description="gradient_descent, momentum (0.9) or adam"
    )
    batch_size: int | None = Field(
        None, ge=1, description="items per training step, drawn anew; null: all of them"
    )
    seeds: int = Field(10, ge=1, description="initialisations: seed, seed + 1, ...")
    removal_fractions: list[float] = Field(
        [1.0, 0.5, 0.2, 0.05, 0.01],
        min_length=1,
        description="leave-one-out: shares of a sample's weight that are removed (eta in tables)",
    )
    window_lengths: list[int] = Field(
        [1, 10, 20, 40, 80],
        min_length=1,
        description="window ablation: steps without the source; those that do not fit are skipped",
    )
    window_every: int = Field(20, ge=1, description="window ablation: steps between windows")
    posterior: PosteriorConfig = Field(
        PosteriorConfig(), description="the local posterior and its sampler"
    )
    sweep: SweepConfig = Field(SweepConfig(), description="sampler settings compared")
    limits: LimitsConfig = Field(LimitsConfig(), description="how BIF approaches its limit")
    horizons: HorizonsConfig = Field(HorizonsConfig(), description="how far ahead influence tells")

    @field_validator("hierarchy")
    @classmethod
    def _tree(cls, value: dict[str, Any]) -> dict[str, Any]:
        Hierarchy.from_mapping(value)
        return value

    @field_validator("removal_fractions")
    @classmethod
    def _shares(cls, values: list[float]) -> list[float]:
        if not all(0 < eta <= 1 for eta in values):
            raise ValueError("every share must lie in (0, 1]")
        return distinct(values)

    @field_validator("window_lengths")
    @classmethod
    def _lengths(cls, values: list[int]) -> list[int]:
        return distinct(values)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        tree = Hierarchy.from_mapping(self.hierarchy)
        try:
            tree.focus(self.focus)
        except ValueError as error:
            raise ValueError(f"focus = {self.focus}: {error}") from error
        if self.checkpoint_every > self.steps:
            raise ValueError(
                f"checkpoint_every = {self.checkpoint_every}: at most the training's "
                f"steps = {self.steps}"
            )
        if not 1 <= min(self.window_lengths) <= self.steps:
            raise ValueError(
                f"window_lengths = {self.window_lengths}: at least 1, and the shortest at most "
                f"steps = {self.steps}"
            )
        if not self.horizons.within(self.steps):
            raise ValueError(
                f"horizons.ahead = {self.horizons.ahead}: the shortest at most half of steps = "
                f"{self.steps}"
            )
        local, blocks = self.posterior, -(-MIN_BLOCKS // self.posterior.chains)
        if local.draws < 2 * blocks:
            raise ValueError(
                f"posterior.draws = {local.draws}: with chains = {local.chains} at least "
                f"{2 * blocks}, for {MIN_BLOCKS} blocks of 2 draws behind a standard error"
            )
        if (self.batch_size or 0) > len(tree.items):
            raise ValueError(f"batch_size = {self.batch_size}: at most the {len(tree.items)} items")
        if (self.posterior.batch_size or 0) > len(tree.items):
            raise ValueError(
                f"posterior.batch_size = {self.posterior.batch_size}: at most the "
                f"{len(tree.items)} items"
            )
        if self.initialisation == "aligned" and self.hidden_width < len(tree.items):
            raise ValueError(
                f"hidden_width = {self.hidden_width}: the aligned initialisation needs at least "
                f"one unit per item, {len(tree.items)}"
            )
        return self

    @property
    def tree(self) -> Hierarchy:
        """The hierarchy as a tree."""
        return Hierarchy.from_mapping(self.hierarchy)

    @property
    def training(self) -> str:
        """How it is trained, in words; "gradient_descent" is what the theory is of."""
        batches = "" if self.batch_size is None else f" with batches of {self.batch_size}"
        return self.optimizer + batches

    @property
    def has_closed_form(self) -> bool:
        """Whether theory covers it: full gradient descent, and a hidden unit for every mode."""
        return self.training == "gradient_descent" and self.hidden_width >= len(self.tree.items)
