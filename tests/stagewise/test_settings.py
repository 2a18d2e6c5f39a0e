"""A number in the configuration reruns the tasks that use it, and no others."""

from __future__ import annotations

import pytest

from stagewise.config import load_config
from stagewise.paths import Paths
from stagewise.tasks.base import tasks

WILDCARDS = {
    "theory_hierarchy": {"variant": "depth_2"},
    "theory_optimizer": {"variant": "adam"},
    "toy_limits": {"seed": 0},
    "toy_windows": {"seed": 0},
    "toy_train": {"seed": 0},
}
LOOKED_AT = [
    *WILDCARDS, "toy_events", "toy_sweep", "theory_phases", "theory_times", "theory_errors",
]  # fmt: skip
USERS = {
    "events.replicates=50": {"toy_events", "theory_hierarchy", "theory_optimizer"},
    "events.resolution=0.01": {
        "toy_events", "theory_hierarchy", "theory_optimizer", "theory_times",
    },
    "toy.limits.gammas=[10.0]": {"toy_limits"},
    "toy.limits.every=3": {"toy_limits"},
    "toy.sweep.time=20.0": {"toy_sweep"},
    "toy.sweep.relaxations=1.0": {"toy_sweep"},
    "theory.phases.thinning=5": {"theory_phases"},
    "theory.phases.weak.gamma=0.02": {"theory_phases"},
    "theory.matching.farthest=0.5": {"theory_times"},
    "theory.matching.shuffles=2": {"theory_times"},
}  # fmt: skip


@pytest.mark.parametrize("setting", USERS)
def test_a_changed_number_reruns_what_uses_it_and_nothing_else(setting):
    # A task that leaves a number out of its settings keeps results made with another.
    before, after = load_config(), load_config(settings=[setting])
    found = {
        name
        for name in LOOKED_AT
        if len(
            {
                tasks()[name].depends_on(
                    tasks()[name].job(config, Paths(config), **WILDCARDS.get(name, {}))
                )
                for config in (before, after)
            }
        )
        > 1
    }
    assert found == USERS[setting]
