"""Shared test settings: seeded, offline, one thread, and tolerances in one place."""

from __future__ import annotations

import os

# Before torch and numpy: two workers that each use all cores wait for one another.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch

from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy
from tests.smoke import Smoke, smoke_in

ROUNDING = 1e-10  # float64 results that should agree but for rounding
UNBALANCED = {
    "thing": {
        "animal": {"bird": ["sparrow", "robin", "wren"], "dog": None},
        "plant": {"flower": {"red": ["rose", "poppy"], "white": ["lily", "daisy"]}, "tree": "oak"},
    }
}


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    """Every device there is."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return request.param


@pytest.fixture
def tree() -> Hierarchy:
    """The default hierarchy."""
    return Hierarchy.from_mapping(DEFAULT_HIERARCHY)


@pytest.fixture
def targets(tree: Hierarchy) -> torch.Tensor:
    """Its targets (features, items), float64."""
    return torch.tensor(tree.targets())


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """The smoke configuration, run without Snakemake; figures are drawn by other tests. Its tests
    share a worker by `xdist_group("golden")`."""
    from stagewise.tasks.everything import run_part

    made = smoke_in(tmp_path_factory.mktemp("smoke"))
    run_part(made.config, made.paths, "all", leave_out=("draw", "theory_document", "explorer"))
    return made
