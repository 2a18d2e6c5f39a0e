"""The configuration of flips and peaks."""

from __future__ import annotations

from pydantic import Field

from models.settings import Section


class EventsConfig(Section):
    """How flips and peaks are looked for, in the toy and in language models alike."""

    replicates: int = Field(
        200, ge=20, description="resampled mean curves behind an interval [ours]"
    )
    resolution: float = Field(
        1e-3, gt=0, lt=1, description="share of a curve's largest size that is no event [ours]"
    )
    false_discovery_rate: float = Field(
        0.05, gt=0, lt=1, description="over all pairs of an estimator [ours]"
    )
    sign_level: float = Field(
        0.05, gt=0, lt=1, description="over a curve's checkpoints, where its sign is sure [ours]"
    )
