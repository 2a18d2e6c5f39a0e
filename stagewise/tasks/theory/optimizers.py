"""Which of the paper's claims about the toy survive another optimizer (claim X3)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, once, task
from stagewise.tasks.theory.variant import configured

READS = ("influence", "trajectories", "events", "transitions", "windows")
WRITES = ("optimizers", "optimizer_curves", "optimizer_stages")


def needs(job: Job) -> Iterable[Path]:
    """Tables of every optimizer that claims are decided from."""
    for name in job.config.theory.optimizers:
        yield from (job.paths.variant(name).whole(table) for table in READS)


def judged_in() -> list[str]:
    """Modules of the claims that are judged."""
    from analysis.claims.core import rules
    from analysis.claims.under_optimizers import JUDGED

    return sorted({rule.find.__module__ for rule in rules() if rule.id in JUDGED})


@task(
    jobs=once,
    reads=needs,
    writes=lambda job: [job.paths.theory(name) for name in WRITES],
    settings=lambda job: {
        name: job.config.variant(name).focus for name in job.config.theory.optimizers
    },
    uses=judged_in,
)
def theory_optimizers(job: Job) -> None:
    """Write, for every optimizer, the verdicts on C1 to C5, the focus curves and the stages."""
    import pandas as pd

    from analysis.claims.evidence import EvidenceTables
    from analysis.claims.toy_evidence import ToyEvidence
    from analysis.claims.under_optimizers import focus_curves, under_optimizer, verdicts
    from analysis.tables.catalogue import table_named

    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in WRITES}
    for name in job.config.theory.optimizers:
        toy, place = configured(job.config, name).toy, job.paths.variant(name)
        made = ToyEvidence(
            tables=EvidenceTables({table: read_table(place.whole(table)) for table in READS}),
            seed=job.config.seed,
            tree=toy.tree,
            focus=toy.tree.focus(toy.focus),
            optimizer=toy.training,
            checkpoint_every=toy.checkpoint_every,
        )
        evidence, sampled = under_optimizer(made, name)
        found = verdicts(evidence, sampled), focus_curves(evidence), evidence.transitions
        for table, rows in zip(WRITES, found, strict=True):
            parts[table].append(rows.assign(optimizer=name))
    origin = provenance(job.config.model_dump(), job.config.toy_seeds)
    for table, rows_ in parts.items():
        columns = list(table_named("theory", table).columns)
        whole = pd.concat([pd.DataFrame(columns=columns), *rows_], ignore_index=True)[columns]
        write_result("theory", table, whole.infer_objects(), job.paths.theory(table), origin)
