"""Put the events of the toy and of all language models into one table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, once, task


def parts(job: Job) -> Iterable[Path]:
    """Files of the toy's events and of every model's."""
    yield job.paths.whole("events")
    yield from (job.paths.language(model).events for model in job.config.language.models)


@task(jobs=once, reads=parts, writes=lambda job: [job.paths.events])
def merge_events(job: Job) -> None:
    """Write `events.parquet` from the parts that are there."""
    import pandas as pd

    tables = [read_table(path) for path in parts(job) if path.is_file()]
    joined = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    write_result("results", "events", joined, job.paths.events, made)
