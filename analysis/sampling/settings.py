"""Settings of the posterior sampler; free of torch, so that reading a configuration is quick."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from models.settings import Section

MAX_CHAINS = 2**12  # chains a checkpoint can have: streams are numbered within 32 bits


class PosteriorConfig(Section):
    """The local posterior p(w) ~ exp(-nbeta L_n(w) - gamma/2 |w - w*|^2) and how it is sampled."""

    nbeta: float = Field(80.0, ge=0, description="n x beta: effective number of samples [ours]")
    gamma: float = Field(1000.0, gt=0, description="localisation, 1/parameter^2 [ours]")
    step_size: float = Field(1e-4, gt=0, description="SGLD step size epsilon [ours]")
    chains: int = Field(32, ge=1, le=MAX_CHAINS, description="chains per checkpoint")
    draws: int = Field(2000, ge=2, description="draws kept per chain")
    burn_in: int = Field(100, ge=0, description="steps before the first draw")
    thinning: PositiveInt = Field(1, description="steps per draw")
    batch_size: PositiveInt | None = Field(
        None, description="samples per gradient; null: all of them"
    )
    integrator: Literal["euler", "exponential"] = Field(
        "euler", description="euler: plain SGLD; exponential: exact in the localisation"
    )
    preconditioner: Literal["none", "rmsprop"] = Field("none", description="none or rmsprop")
    rmsprop_decay: float = Field(0.99, ge=0, lt=1, description="memory of the squared gradient")
    rmsprop_epsilon: float = Field(0.1, gt=0, description="added to its root")
    dtype: Literal["float32", "float64"] = Field("float32", description="precision of the chains")
    max_diverged: float = Field(
        0.1, ge=0, le=1, description="tolerated share of diverged chains, per checkpoint"
    )
    memory_gib: float = Field(1.0, gt=0, description="memory for chains in flight, GiB")

    @property
    def sgld_steps(self) -> int:
        """SGLD steps per chain."""
        return self.burn_in + 1 + (self.draws - 1) * self.thinning
