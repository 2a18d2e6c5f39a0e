"""The configuration of what is done to the training of a language model."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from analysis.interventions.arms import ARMS
from models.settings import Section, ascending, distinct


class StagedClass(Section):
    """Up-weighting of one class in windows of training, and the outcome that is waited for."""

    outcome: str | None = Field(
        None, description="loss that is waited for, of a class or delimiter_kind; null: its own"
    )
    threshold: float = Field(
        gt=0, description="of that loss, nats, where training to the threshold may end"
    )
    window: int = Field(ge=1, description="steps with extra weight")
    until: int = Field(ge=1, description="windows cover training from the start to here")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.window > self.until:
            raise ValueError(f"window = {self.window}: at most until = {self.until}")
        return self


class UpweightingConfig(Section):
    """Staged up-weighting (claim C9): does it matter when a class gets extra weight?"""

    extra: float = Field(3.0, gt=0, description="weight added to each of its tokens' losses")
    classes: dict[str, StagedClass] = Field(
        {},
        description="classes, with the outcome fixed in advance; one set to null is left out",
    )

    def require(self, classes: tuple[str, ...], outcomes: tuple[str, ...]) -> None:
        """Raise ValueError if a class or an outcome is none of these."""
        unknown = sorted(set(self.classes) - set(classes))
        if unknown:
            raise ValueError(
                f"upweighting.classes: no class {', '.join(unknown)}; choose from "
                f"{', '.join(classes)}"
            )
        for name, staged in self.classes.items():
            if staged.outcome not in (None, *outcomes):
                raise ValueError(
                    f"upweighting.classes.{name}.outcome = {staged.outcome}: choose one of "
                    f"{', '.join(outcomes)}"
                )


UPWEIGHTED = UpweightingConfig(
    classes={
        "induction": StagedClass(threshold=1.5, window=120, until=600),
        "right_delimiter": StagedClass(
            outcome="delimiter_kind", threshold=0.35, window=120, until=600
        ),
    }
)  # of the default model


class ForecastConfig(Section):
    """Does influence at a checkpoint predict what up-weighting a class does next?"""

    every: int = Field(4, ge=1, description="use every so many measured checkpoints")
    horizons: list[int] = Field(
        [1, 2, 5, 10, 20], min_length=1, description="steps of training with extra weight"
    )
    total_extra: float = Field(
        0.05, gt=0, description="extra weight per token of the batch, the same for every class"
    )

    @field_validator("horizons")
    @classmethod
    def _positive(cls, values: list[int]) -> list[int]:
        return ascending(values, at_least=1)


class SchedulesConfig(Section):
    """On which class to spend extra weight, and when (claim X10)?"""

    targets: list[str] = Field(
        ["induction"],
        min_length=1,
        description="classes under upweighting.classes that are to be learnt; their outcome, "
        "threshold, windows and total are those given there",
    )
    arms: list[str] = Field(
        list(ARMS),
        min_length=1,
        description="ways to spend the same weight per token of the batch, beside none",
    )
    renew_every: int = Field(50, ge=1, description="steps between two choices of an arm")
    draws: int = Field(
        125,
        ge=1,
        description="draws kept per chain where sampled influence chooses; all else as "
        "in posterior",
    )
    oracle_steps: int = Field(10, ge=1, description="steps for which the oracle tries each class")

    @field_validator("targets")
    @classmethod
    def _targets(cls, values: list[str]) -> list[str]:
        return distinct(values)

    @field_validator("arms")
    @classmethod
    def _known(cls, values: list[str]) -> list[str]:
        unknown = [name for name in values if name not in ARMS]
        if unknown:
            raise ValueError(f"no arm {', '.join(unknown)}; choose from {', '.join(ARMS)}")
        return distinct(values)

    def require(self, classes: dict[str, StagedClass]) -> None:
        """Raise ValueError if a target is none of the classes that are up-weighted."""
        unknown = [name for name in self.targets if name not in classes]
        if unknown:
            raise ValueError(
                f"schedules.targets: {', '.join(unknown)} is not up-weighted; choose from "
                f"{', '.join(classes) or 'none: name a class under upweighting.classes'}"
            )
