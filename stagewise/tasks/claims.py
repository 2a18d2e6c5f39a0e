"""Stage: decide every claim from the result tables."""

from __future__ import annotations

import contextlib
from pathlib import Path

from analysis.claims.core import Evidence, to_markdown
from analysis.claims.language import LANGUAGE_DECIDERS
from analysis.claims.language_evidence import Known, LanguageEvidence, of_model
from analysis.claims.phases import PhaseEvidence, phases_exchange
from analysis.claims.theory import THEORY_DECIDERS, TheoryEvidence
from analysis.claims.toy import (
    branches_align,
    flips_and_stages,
    learnt_top_down,
    localisation_helps,
    shapes_agree,
    windows_follow,
)
from analysis.claims.toy_extensions import instantaneous, ladder, symmetry
from analysis.tables.curves import labelled
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.recorded import FOLDER, KEPT, choose, of_record, tables_elsewhere
from stagewise.provenance.store import TableError, provenance, read_table, write_json, write_text

DECIDERS = [
    flips_and_stages,
    shapes_agree,
    learnt_top_down,
    branches_align,
    windows_follow,
    localisation_helps,
    ladder,
    symmetry,
    instantaneous,
]


def run(config: Config, paths: Paths) -> None:
    """Write claims.json (claim id -> its record) and claims.md, and their provenance beside."""
    evidence = gather(config, paths)
    claims = [decide(evidence) for decide in DECIDERS]
    claims.append(phases_exchange(gather_phases(paths)))
    of_theory = gather_theory(paths)
    claims += [decide_theory(of_theory) for decide_theory in THEORY_DECIDERS]
    for rank, model in enumerate(config.language.models):
        of_language = gather_language(config, paths, model)
        for decide_language in LANGUAGE_DECIDERS:
            claims.append(of_model(decide_language(of_language), model, first=rank == 0))
    for model in config.language.recorded:
        of_language = gather_elsewhere(config, model)
        claims += [
            of_model(found, model, first=False)
            for found in (decide_language(of_language) for decide_language in LANGUAGE_DECIDERS)
            if found.origin == "paper" or found.finding.verdict != "not run"
        ]
    claims.sort(key=lambda found: _order(found.id))
    write_text(to_markdown(claims), paths.claims_page)
    write_json({found.id: found.record() for found in claims}, paths.claims)
    origin = provenance(config.model_dump(), config.toy_seeds)
    write_json(origin, paths.claims.with_name("claims.provenance.json"))


def _order(name: str) -> tuple[str, int, str]:
    """C1 before C10, the paper's before ours."""
    plain, _, model = name.partition(" ")
    return plain[0], int(plain[1:]), model


def gather_language(config: Config, paths: Paths, model: str) -> LanguageEvidence:
    """The result tables of a language model, each from the run with more seeds: this or the
    recorded one; none where there is neither."""
    place, chosen = paths.language(model), {}
    for name in KEPT:
        with contextlib.suppress(TableError):
            chosen[name] = choose(config, model, place.whole(name))
    return LanguageEvidence(
        model=model,
        tables=Known(
            {name: table for name, (table, _) in chosen.items()},
            model,
            "snakemake --cores 2 language",
        ),
        runs={name: which for name, (_, which) in chosen.items()},
        seed=config.seed,
    )


def gather_elsewhere(config: Config, model: str, folder: Path = FOLDER) -> LanguageEvidence:
    """The recorded tables of a model of another configuration, if there are any."""
    found = {name: of_record(path) for name, path in tables_elsewhere(model, folder).items()}
    command = f"snakemake --cores 2 language --configfile {config.language.recorded[model]}"
    return LanguageEvidence(
        model=model,
        tables=Known({name: table for name, (table, _) in found.items()}, model, command),
        runs={name: which for name, (_, which) in found.items()},
        seed=config.seed,
    )


def gather_phases(paths: Paths) -> PhaseEvidence:
    """The tables of the two phases."""
    return PhaseEvidence(*(read_table(paths.theory(x)) for x in ("phases", "phases_sampled")))


def gather_theory(paths: Paths) -> TheoryEvidence:
    """The theory's tables."""
    return TheoryEvidence(
        errors=read_table(paths.theory("closed_form_error")),
        times=read_table(paths.theory("times_summary")),
        optimizers=read_table(paths.theory("optimizers")),
    )


def gather(config: Config, paths: Paths) -> Evidence:
    """The result tables of the toy, as evidence."""
    tables = ("trajectories", "transitions", "windows", "sweep", "limit_errors")
    return Evidence(
        tree=config.toy.tree,
        focus=config.toy.tree.focus(config.toy.focus),
        optimizer=config.toy.training,
        checkpoint_every=config.toy.checkpoint_every,
        influence=labelled(read_table(paths.influence)),
        events=read_table(paths.whole("events")),
        seed=config.seed,
        **{name: read_table(paths.whole(name)) for name in tables},
    )
