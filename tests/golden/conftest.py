"""The smoke configuration, run once for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from stagewise.config import Config, load_config
from stagewise.paths import Paths
from stagewise.root import ROOT
from stagewise.tasks.everything import run_part


@dataclass(frozen=True)
class Smoke:
    """A run of the smoke configuration."""

    config: Config
    paths: Paths


@pytest.fixture(scope="session")
def smoke(tmp_path_factory) -> Smoke:
    """Run without Snakemake; figures are drawn by other tests."""
    folder = tmp_path_factory.mktemp("smoke")
    file = ROOT / "workflow" / "config" / "smoke.yaml"
    made = Smoke(load_config([file], [f"results={folder}"]), Paths(folder))
    run_part(made.config, made.paths, "all", leave_out=("draw", "theory_document"))
    return made
