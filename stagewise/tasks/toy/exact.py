"""The estimators that need no sampling, for one run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from analysis.tables.curves import INFLUENCE_COLUMNS, influence_table
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, each_seed, task
from stagewise.tasks.toy.common import checkpoints, load_checked, network_run

if TYPE_CHECKING:
    import pandas as pd

    from analysis.estimators.base import Estimator, NetworkRun

logger = logging.getLogger(__name__)


def exact_ones() -> list[Estimator]:
    """The toy's estimators that need no draws."""
    from analysis.estimators.base import estimators

    return estimators("toy", "network")


@task(
    wildcards=("seed",),
    jobs=each_seed,
    reads=checkpoints,
    writes=lambda job: [job.paths.estimator(e.name, job.seed) for e in exact_ones()],
    settings=lambda job: chosen(job.config.toy, *(key for e in exact_ones() for key in e.settings)),
    uses=lambda: [type(e).__module__ for e in exact_ones()],
)
def toy_exact(job: Job) -> None:
    """Write the influence by every exact estimator for all pairs and checkpoints of a run."""
    for each in exact_ones():
        write_estimate(job.config, job.paths, each, job.seed)


def write_estimate(config: Config, paths: Paths, chosen_one: Estimator, seed: int) -> None:
    """Write one estimator's influence of a run; an empty table where it does not apply."""
    run = network_run(load_checked(paths.checkpoints(seed), config), config.toy)
    path, made = paths.estimator(chosen_one.name, seed), provenance(config.model_dump(), seed)
    write_result("toy", "influence", estimate(chosen_one, run), path, made)


def estimate(chosen_one: Estimator, run: NetworkRun) -> pd.DataFrame:
    """One estimator's influence as a table; empty, with a warning, where it does not apply."""
    import pandas as pd

    from analysis.estimators.base import NotApplicable

    try:
        return influence_table(chosen_one.compute(run), run.checkpoints.seed)
    except NotApplicable as reason:
        logger.warning("%s: left out", reason)
        return pd.DataFrame(columns=INFLUENCE_COLUMNS)
