"""The closed form's error split into its causes, and first-order theory's agreement."""

from __future__ import annotations

from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.theory.hierarchies import HOME, hierarchies, variant_settings
from stagewise.tasks.toy.common import NETWORK

WRITES = ("closed_form_error", "closed_form_curves")


@task(
    jobs=once,
    reads=lambda job: [],
    writes=lambda job: [job.paths.theory(name) for name in WRITES],
    settings=lambda job: [
        chosen(job.config.toy, *NETWORK, "focus"),
        variant_settings(job, *job.config.theory.hierarchies, keys=NETWORK),
    ],
)
def theory_errors(job: Job) -> None:
    """Write the errors of every hierarchy, and the curves of the toy itself."""
    import pandas as pd

    from analysis.estimators.closed_form_error import error_tables
    from analysis.tables.catalogue import table_named

    config = job.config
    errors, curves = [], []
    for name, toy in hierarchies(config).items():
        found, drawn = error_tables(
            toy.tree,
            toy.tree.focus(toy.focus),
            hidden_width=toy.hidden_width,
            init_scale=toy.init_scale,
            learning_rate=toy.learning_rate,
            steps=toy.steps,
            checkpoint_every=toy.checkpoint_every,
            seed=config.seed,
        )
        errors.append(found.assign(hierarchy=name))
        curves += [drawn] if name == HOME else []
    made = provenance(config.model_dump(), config.seed)
    for name, parts in zip(WRITES, (errors, curves), strict=True):
        columns = list(table_named("theory", name).columns)
        whole = pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True)[columns]
        write_result("theory", name, whole.infer_objects(), job.paths.theory(name), made)
