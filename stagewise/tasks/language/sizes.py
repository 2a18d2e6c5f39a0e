"""The class influence of every language model side by side, on steps and on tokens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stagewise.config import Config
from stagewise.config.language import LanguageModelConfig
from stagewise.config.renamed import with_new_names
from stagewise.provenance.recorded import FOLDER, tables_elsewhere
from stagewise.provenance.store import provenance, read_provenance, read_table, write_result
from stagewise.tasks.base import Job, task

READS = ("trajectories", "transitions", "landmarks")


def sources(job: Job, folder: Path = FOLDER) -> Iterable[tuple[str, str, dict[str, Path]]]:
    """Model, which run (this or recorded) and the files of its tables: the models of this
    configuration first, then those of others that are recorded."""
    for model in job.config.language.models:
        place = job.paths.language(model)
        yield model, "this run", {name: place.whole(name) for name in READS}
    for model in job.config.language.recorded:
        kept = tables_elsewhere(model, folder)
        if kept.keys() >= set(READS):
            yield model, "recorded", {name: kept[name] for name in READS}


def once_if_any(config: Config) -> list[dict[str, Any]]:
    """One job, if there is a language model."""
    return [{}] if config.language.models else []


@task(
    jobs=once_if_any,
    reads=lambda job: [path for *_, tables in sources(job) for path in tables.values()],
    writes=lambda job: [job.paths.across("sizes")],
)
def language_sizes(job: Job) -> None:
    """Write `sizes`: influence by model, run, step and tokens."""
    side_by_side(job)


def side_by_side(job: Job, folder: Path = FOLDER) -> None:
    """Write `sizes`, with the recorded runs of a folder."""
    import pandas as pd

    from analysis.development.sizes import influence_by_tokens

    parts = []
    for model, which, tables in sources(job, folder):
        config = with_new_names(read_provenance(tables["trajectories"])["config"])
        made = config["language"]["models"][model]
        per_step = LanguageModelConfig.model_validate(made).tokens_per_step
        curves, times, marks = (read_table(tables[name]) for name in READS)
        found = influence_by_tokens(curves, times, marks, per_step)
        text = made.get("corpus") or "controlled language"
        parts.append(found.assign(model=model, run=which, text=text))
    columns = ["model", "run", "text", *(c for c in parts[0] if c not in ("model", "run", "text"))]
    whole = pd.concat(parts, ignore_index=True)[columns]
    seeds = sorted(whole["seed"].unique().tolist())
    origin = provenance(job.config.model_dump(include={"language"}), seeds)
    write_result("across", "sizes", whole, job.paths.across("sizes"), origin)
