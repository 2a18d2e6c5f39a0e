"""The configuration of the theory's checks: variants of the toy off its home."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from models.settings import Section, distinct

DEPTH_4 = {
    "thing": {
        "animal": {
            "mammal": {"pet": ["dog", "cat"], "herd": ["cow", "sheep"]},
            "bird": {"song": ["sparrow", "robin"], "water": ["duck", "swan"]},
        },
        "plant": {
            "flower": {"garden": ["rose", "lily"], "field": ["daisy", "poppy"]},
            "tree": {"leaf": ["oak", "birch"], "needle": ["pine", "fir"]},
        },
    }
}
HIERARCHIES: dict[str, dict[str, Any]] = {
    "depth_2": {
        "hierarchy": {"thing": {"animal": ["dog", "sparrow"], "plant": ["rose", "oak"]}},
        "steps": 500,
        "checkpoint_every": 10,
    },
    "depth_4": {"hierarchy": DEPTH_4, "learning_rate": 0.1},
    "unbalanced": {
        "hierarchy": {
            "thing": {
                "animal": {"mammal": ["dog", "cat", "cow"], "bird": ["sparrow", "robin"]},
                "plant": {"flower": ["rose", "lily"], "oak": None},
            }
        }
    },
}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "gradient_descent": {},
    "momentum": {"optimizer": "momentum", "learning_rate": 0.005},
    "adam": {
        "optimizer": "adam",
        "learning_rate": 0.001,
        "steps": 400,
        "checkpoint_every": 8,
        "window_lengths": [16],
        "window_every": 8,
    },
    "minibatch": {"batch_size": 2},
}
SHARED: dict[str, Any] = {  # training is pinned: a variant stays what its name says
    "optimizer": "gradient_descent",
    "learning_rate": 0.05,
    "batch_size": None,
    "initialisation": "random",
    "steps": 1000,
    "checkpoint_every": 20,
    "seeds": 8,
    "removal_fractions": [1.0],
    "window_lengths": [40],
    "posterior": {
        "integrator": "exponential",
        "step_size": 5e-4,
        "chains": 16,
        "draws": 250,
        "batch_size": None,
    },
}


class SampledPhaseConfig(Section):
    """The sampler at one localisation, in the two-well potential."""

    gamma: float = Field(gt=0, description="localisation, 1/parameter^2 [ours]")
    points: list[int] = Field(
        min_length=1, description="of the grid of n at which the sampler runs [ours]"
    )
    burn_in: int = Field(ge=0, description="SGLD steps before the first draw [ours]")
    kept_steps: int = Field(ge=1, description="SGLD steps that draws are kept from [ours]")

    @field_validator("points")
    @classmethod
    def _points(cls, values: list[int]) -> list[int]:
        if min(values) < 0:
            raise ValueError("every value must be at least 0")
        return distinct(values)


class PhasesConfig(Section):
    """Two phases of a posterior (claim C11): a constructed potential, exactly and sampled."""

    smallest: float = Field(200.0, gt=0, description="sample size n that the grid begins at [ours]")
    per_decade: int = Field(40, ge=4, description="values of n per factor of ten [ours]")
    decades: int = Field(2, ge=1, description="factors of ten that the grid covers [ours]")
    weak: SampledPhaseConfig = Field(
        SampledPhaseConfig(
            gamma=0.01, points=[0, 10, 20, 30, 40, 50, 60], burn_in=2000, kept_steps=3000
        ),
        description="weak localisation: a prior radius of 5 well distances",
    )
    strong: SampledPhaseConfig = Field(  # the last point is 2 gamma nats past where U is left
        SampledPhaseConfig(gamma=10.0, points=[0, 20, 40, 60, 70], burn_in=1500, kept_steps=1500),
        description="strong localisation: 1/6 of a well distance",
    )
    relative_step: float = Field(
        0.1,
        gt=0,
        lt=4,
        description="step size x largest curvature: biases a variance by 2.5 % [ours]",
    )
    chains: int = Field(128, ge=2, description="chains per well and n [ours]")
    thinning: int = Field(10, ge=1, description="SGLD steps per draw [ours]")

    @model_validator(mode="after")
    def _on_the_grid(self) -> Self:
        last = self.decades * self.per_decade
        for name in ("weak", "strong"):
            points = getattr(self, name).points
            if max(points) > last:
                raise ValueError(f"{name}.points = {points}: at most {last}, the last of the grid")
        return self


class MatchingConfig(Section):
    """When a measured event counts as the predicted one (claim X8)."""

    farthest: float = Field(0.25, gt=0, description="most transition widths between the two [ours]")
    large: float = Field(
        0.1, gt=0, lt=1, description="share of the highest peak that makes a peak large [ours]"
    )
    shuffles: int = Field(
        5, ge=1, description="shuffles of the pairs' predictions, for chance [ours]"
    )


class WhatIfConfig(Section):
    """Settings of the toy at which theory is asked what it would predict."""

    sharpness: list[float] = Field(
        [0.7, 0.85, 1.0, 1.2, 1.4],
        min_length=1,
        description="features of a node at depth d have size sharpness^-d; 1: the tree [ours]",
    )
    init_scale: list[float] = Field(
        [0.001, 0.003, 0.01, 0.03, 0.1],
        min_length=1,
        description="standard deviations of a weight at step 0; toy's is added [ours]",
    )
    learning_rate: list[float] = Field(
        [0.025, 0.05, 0.1, 0.2],
        min_length=1,
        description="of training, per step; toy's is added [ours]",
    )
    points: int = Field(80, ge=10, description="steps of a curve that are kept, at most [ours]")

    @field_validator("sharpness", "init_scale", "learning_rate")
    @classmethod
    def _positive(cls, values: list[float]) -> list[float]:
        if min(values) <= 0:
            raise ValueError("every value must be greater than 0")
        return distinct(values)

    @field_validator("sharpness")
    @classmethod
    def _learnable(cls, values: list[float]) -> list[float]:
        if not 0.1 <= min(values) <= max(values) <= 10:
            raise ValueError("every value must lie from 0.1 to 10, where every mode is learnt")
        return values


class TheoryConfig(Section):
    """Variants of the toy on which theory and claims are tried; each overrides toy's keys."""

    shared: dict[str, Any] = Field(
        SHARED, description="laid over toy in every variant, before its own keys"
    )
    hierarchies: dict[str, dict[str, Any]] = Field(
        HIERARCHIES, description="where predicted times are tried, beside toy itself"
    )
    optimizers: dict[str, dict[str, Any]] = Field(
        OPTIMIZERS, description="where the claims C1 to C5 are tried; the first is compared with"
    )
    phases: PhasesConfig = Field(PhasesConfig(), description="two phases of a posterior")
    matching: MatchingConfig = Field(
        MatchingConfig(), description="when a measured event is the predicted one"
    )
    what_if: WhatIfConfig = Field(
        WhatIfConfig(), description="other settings at which theory is asked, for the explorer"
    )

    @field_validator("hierarchies", "optimizers")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not name.replace("_", "").isalnum() or name != name.lower():
                raise ValueError(f"name {name!r}: lower-case letters, digits and _ only")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        both = sorted(set(self.hierarchies) & set(self.optimizers))
        if both:
            raise ValueError(
                f"hierarchies = {', '.join(both)}: also among optimizers; every variant needs its "
                "own name"
            )
        return self
