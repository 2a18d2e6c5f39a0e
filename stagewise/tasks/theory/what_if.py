"""What theory predicts over a grid of hierarchies, starts and learning rates."""

from __future__ import annotations

import logging

from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.toy.common import NETWORK

logger = logging.getLogger(__name__)

WRITES = ("what_if", "what_if_events", "what_if_stages")


@task(
    jobs=once,
    reads=lambda job: [],
    writes=lambda job: [job.paths.theory(name) for name in WRITES],
    settings=lambda job: [
        chosen(job.config.toy, *NETWORK, "focus"),
        chosen(job.config.theory, "what_if"),
        chosen(job.config, "events.resolution", "events.sign_level"),
    ],
)
def theory_what_if(job: Job) -> None:
    """Write predicted curves, events and stages; none, loudly, where theory does not cover the
    toy."""
    import pandas as pd

    from analysis.tables.catalogue import table_named
    from analysis.theory.what_if import Grid, Home, what_if_tables

    config, toy, asked = job.config, job.config.toy, job.config.theory.what_if
    if toy.has_closed_form:
        home = Home(
            tree=toy.tree,
            focus=toy.tree.focus(toy.focus),
            hidden_width=toy.hidden_width,
            initialisation=toy.initialisation,
            learning_rate=toy.learning_rate,
            init_scale=toy.init_scale,
            steps=toy.steps,
            checkpoint_every=toy.checkpoint_every,
            resolution=config.events.resolution,
            sign_level=config.events.sign_level,
        )
        grid = Grid(asked.sharpness, asked.init_scale, asked.learning_rate)
        tables = what_if_tables(home, grid, asked.points)
    else:
        logger.warning(
            "what if: theory needs gradient descent and a hidden unit per item (%d): left empty",
            len(toy.tree.items),
        )
        columns = {name: list(table_named("theory", name).columns) for name in WRITES}
        tables = {name: pd.DataFrame(columns=columns[name]) for name in WRITES}
    made = provenance(config.model_dump(), config.seed)
    for name in WRITES:
        write_result("theory", name, tables[name], job.paths.theory(name), made)
