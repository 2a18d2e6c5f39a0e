"""Decide the claims, room by room, and put them together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagewise.config import Config
from stagewise.provenance.recorded import recorded_files, tables_elsewhere
from stagewise.provenance.store import provenance, write_json, write_text
from stagewise.tasks.base import Job, chosen, each_model, once, task
from stagewise.tasks.merge.evidence import (
    language_evidence,
    read_by,
    recorded_evidence,
    theory_evidence,
    toy_evidence,
)

if TYPE_CHECKING:
    from analysis.claims.core import Claim


def sources(room: str) -> list[str]:
    """Modules of the claims of a room."""
    from analysis.claims.core import claims_of

    return sorted({rule.find.__module__ for rule in claims_of(room)})  # type: ignore[arg-type]


def write_claims(claims: Iterable[Claim], path: Path) -> None:
    """Write claims by id."""
    write_json({found.id: found.record() for found in claims}, path)


@task(
    jobs=once,
    reads=lambda job: [job.paths.whole(name) for name in read_by("toy")],
    writes=lambda job: [job.paths.claims_of("toy")],
    settings=lambda job: chosen(job.config.toy, "focus"),
    uses=lambda: sources("toy"),
)
def claims_toy(job: Job) -> None:
    """Write the claims about the toy."""
    from analysis.claims.core import claims_of

    evidence = toy_evidence(job.config, job.paths)
    write_claims((rule(evidence) for rule in claims_of("toy")), job.paths.claims_of("toy"))


@task(
    jobs=once,
    reads=lambda job: [job.paths.theory(name) for name in read_by("theory")],
    writes=lambda job: [job.paths.claims_of("theory")],
    uses=lambda: sources("theory"),
)
def claims_theory(job: Job) -> None:
    """Write the claims about the theory."""
    from analysis.claims.core import claims_of

    evidence = theory_evidence(job.config, job.paths)
    write_claims((rule(evidence) for rule in claims_of("theory")), job.paths.claims_of("theory"))


def of_language(job: Job) -> Iterable[Path]:
    """Tables of a model that its claims read, and what is recorded."""
    made = job.config.language.models[job.model].tables
    yield from (job.paths.language(job.model).whole(n) for n in read_by("language") if n in made)
    yield from map(Path, recorded_files())


@task(
    wildcards=("model",),
    jobs=each_model,
    reads=of_language,
    writes=lambda job: [job.paths.claims_of("language", job.model)],
    uses=lambda: sources("language"),
)
def claims_language(job: Job) -> None:
    """Write the claims about a language model; the first model's keep their plain ids."""
    from analysis.claims.core import claims_of
    from analysis.claims.language_evidence import of_model

    evidence = language_evidence(job.config, job.paths, job.model)
    first = job.model == next(iter(job.config.language.models))
    found = [of_model(rule(evidence), job.model, first=first) for rule in claims_of("language")]
    write_claims(found, job.paths.claims_of("language", job.model))


def each_recorded(config: Config) -> list[dict[str, Any]]:
    """One job per model of another configuration."""
    return [{"model": model} for model in config.language.recorded]


@task(
    wildcards=("model",),
    jobs=each_recorded,
    reads=lambda job: tables_elsewhere(job.model).values(),
    writes=lambda job: [job.paths.claims_of("language", job.model)],
    settings=lambda job: job.config.language.recorded[job.model],
    uses=lambda: sources("language"),
)
def claims_recorded(job: Job) -> None:
    """Write the claims about a model of another configuration, from its recorded run: the paper's,
    and of ours those that were run."""
    from analysis.claims.core import claims_of
    from analysis.claims.language_evidence import of_model

    evidence = recorded_evidence(job.config, job.model)
    found = [of_model(rule(evidence), job.model, first=False) for rule in claims_of("language")]
    kept = [c for c in found if c.origin == "paper" or c.finding.verdict != "not run"]
    write_claims(kept, job.paths.claims_of("language", job.model))


def parts(job: Job) -> Iterable[Path]:
    """The claims of all rooms."""
    yield from (job.paths.claims_of(room) for room in ("toy", "theory"))
    models = (*job.config.language.models, *job.config.language.recorded)
    yield from (job.paths.claims_of("language", model) for model in models)


@task(
    jobs=once,
    reads=parts,
    writes=lambda job: [
        job.paths.claims,
        job.paths.claims_html,
        job.paths.claims_page,
        job.paths.claims_origin,
    ],
)
def merge_claims(job: Job) -> None:
    """Write claims.json (claim id -> its record), claims.md and claims.html from the rooms that are
    there, and their provenance beside."""
    from analysis.claims.core import order
    from stagewise.pages.claims_html import claims_html
    from stagewise.pages.claims_page import claims_page

    found: dict[str, dict[str, str]] = {}
    for path in parts(job):
        if path.is_file():
            found |= json.loads(path.read_text(encoding="utf-8"))
    claims = {name: found[name] for name in sorted(found, key=order)}
    write_text(claims_page(claims, "figures/{figure}.png"), job.paths.claims_page)
    write_text(claims_html(claims), job.paths.claims_html)
    write_json(claims, job.paths.claims)
    write_json(provenance(job.config.model_dump(), job.config.toy_seeds), job.paths.claims_origin)
