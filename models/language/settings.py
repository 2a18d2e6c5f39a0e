"""Settings of language models; free of torch, so that reading a configuration is quick."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from models.language.architectures import names
from models.language.optimizers import names as optimizer_names
from models.settings import Section, log_then_linear


class Network(Section):
    """The architecture of a language model."""

    architecture: str = Field(
        "attention_only",
        description="attention_only, or gpt_neox (Pythia's) [ours]",
        json_schema_extra=lambda schema: schema.update(enum=list(names())),
    )
    width: int = Field(64, ge=2, description="of the residual stream")
    layers: int = Field(2, ge=1, description="of attention, with an MLP each in gpt_neox")
    heads: int = Field(2, ge=1, description="attention heads per layer")
    rotary: float = Field(
        0.25, gt=0, le=1, description="gpt_neox: share of a head that positions turn (Pythia: 0.25)"
    )

    @field_validator("architecture")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in names():
            raise ValueError(f"choose one of {', '.join(names())}")
        return value

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.width % self.heads or self.width // self.heads % 2:
            raise ValueError(
                f"width = {self.width}: heads = {self.heads} must divide it into even parts"
            )
        return self


class Training(Section):
    """An optimizer with linear warm-up, then decay along a cosine; which checkpoints are kept."""

    steps: int = Field(2400, ge=1, lt=2**20, description="training steps")
    batch_size: int = Field(32, ge=1, description="sequences per step [ours]")
    optimizer: str = Field(
        "adamw",
        description="adamw (the paper's models), or muon [ours]",
        json_schema_extra=lambda schema: schema.update(enum=list(optimizer_names())),
    )
    learning_rate: float = Field(2e-3, gt=0, description="at its highest [ours]")
    warmup: int = Field(50, ge=0, description="steps of rising learning rate")
    final_learning_rate: float = Field(
        0.1, ge=0, le=1, description="at the end, as a share of the highest"
    )
    weight_decay: float = Field(0.01, ge=0, description="decoupled, per step and learning rate")
    gradient_clip: float | None = Field(
        None, gt=0, description="largest norm of a step's gradient; null: any (Pythia: 1)"
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="bfloat16: autocast in training, on a GPU only; never in sampling"
    )
    checkpoint_every: int = Field(
        50, ge=1, description="steps between checkpoints, beside 0, 1, 2, 4, ... below it"
    )
    curve_every: int = Field(10, ge=1, description="steps between points of the learning curve")

    @field_validator("optimizer")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in optimizer_names():
            raise ValueError(f"choose one of {', '.join(optimizer_names())}")
        return value

    @property
    def checkpoints(self) -> list[int]:
        """Steps at which a checkpoint is kept: logarithmic, then linear."""
        return log_then_linear(self.steps, self.checkpoint_every)
