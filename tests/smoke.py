"""The smoke configuration, for tests that look at its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stagewise.config import Config, load_config
from stagewise.paths import Paths
from stagewise.root import ROOT


@dataclass(frozen=True)
class Smoke:
    """A run of the smoke configuration."""

    config: Config
    paths: Paths


def smoke_in(results: Path) -> Smoke:
    """The run whose results lie in a folder."""
    file = ROOT / "workflow" / "config" / "smoke.yaml"
    return Smoke(load_config([file], [f"results={results}"]), Paths(results))
