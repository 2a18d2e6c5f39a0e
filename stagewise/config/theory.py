"""The configuration of the theory's checks: variants of the toy off its home."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from models.settings import Section

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
    "etas": [1.0],
    "window_lengths": [40],
    "posterior": {
        "integrator": "exponential",
        "step_size": 5e-4,
        "chains": 16,
        "draws": 250,
        "batch_size": None,
    },
}


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
