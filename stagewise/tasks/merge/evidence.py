"""What the claims of each room are decided from: result tables as evidence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.tables.catalogue import of_room
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.recorded import FOLDER, KEPT, choose, of_record, tables_elsewhere
from stagewise.provenance.store import TableError, read_table
from stagewise.tasks.merge.order import ordered
from stagewise.tasks.theory.hierarchies import HOME

if TYPE_CHECKING:
    import pandas as pd

    from analysis.claims.language_evidence import LanguageEvidence
    from analysis.claims.theory_evidence import TheoryEvidence
    from analysis.claims.toy_evidence import ToyEvidence


def read_by(room: str) -> list[str]:
    """Names of the tables that the claims of a room read.

    Raises:
        CatalogueError: one is not declared.
    """
    from analysis.claims.core import claims_of
    from analysis.tables.catalogue import check_reads

    names: dict[str, None] = {}
    for rule in claims_of(room):  # type: ignore[arg-type]
        check_reads(f"claim {rule.id}", room, rule.reads)
        names |= dict.fromkeys(rule.reads)
    return list(names)


def toy_evidence(config: Config, paths: Paths) -> ToyEvidence:
    """The result tables of the toy."""
    from analysis.claims.evidence import EvidenceTables
    from analysis.claims.toy_evidence import ToyEvidence

    toy, sort = config.toy, ordered(config)
    tables = {name: sort(read_table(paths.whole(name))) for name in read_by("toy")}
    return ToyEvidence(
        tables=EvidenceTables(tables),
        seed=config.seed,
        tree=toy.tree,
        focus=toy.tree.focus(toy.focus),
        optimizer=toy.training,
        checkpoint_every=toy.checkpoint_every,
    )


def theory_evidence(config: Config, paths: Paths) -> TheoryEvidence:
    """The theory's tables."""
    from analysis.claims.evidence import EvidenceTables
    from analysis.claims.theory_evidence import TheoryEvidence

    sort = ordered(config)
    tables = {name: sort(read_table(paths.theory(name))) for name in read_by("theory")}
    return TheoryEvidence(
        tables=EvidenceTables(tables),
        seed=config.seed,
        hierarchies=(HOME, *config.theory.hierarchies),
        optimizers=tuple(config.theory.optimizers),
    )


def language_evidence(config: Config, paths: Paths, model: str) -> LanguageEvidence:
    """The result tables of a language model, each from the run with more seeds: this or the
    recorded one; none where there is neither."""
    place, found = paths.language(model), {}
    for name in KEPT:
        with contextlib.suppress(TableError):
            found[name] = choose(config, model, place.whole(name))
    return _of_model(config, model, found, "snakemake --cores 2 language")


def recorded_evidence(config: Config, model: str, folder: Path = FOLDER) -> LanguageEvidence:
    """The recorded tables of a model of another configuration, if there are any."""
    found = {name: of_record(path) for name, path in tables_elsewhere(model, folder).items()}
    command = f"snakemake --cores 2 language --configfile {config.language.recorded[model]}"
    return _of_model(config, model, found, command)


def _of_model(
    config: Config, model: str, found: Mapping[str, tuple[pd.DataFrame, str]], command: str
) -> LanguageEvidence:
    from analysis.claims.evidence import EvidenceTables
    from analysis.claims.language_evidence import LanguageEvidence, not_run

    asked = {table.name: table.asked for table in of_room("language")}
    sort = ordered(config)
    tables = {name: sort(table) for name, (table, _) in found.items()}
    return LanguageEvidence(
        tables=EvidenceTables(tables, not_run(model, bool(tables), asked, command)),
        seed=config.seed,
        model=model,
        runs={name: which for name, (_, which) in found.items()},
    )


def recorded_names(models: Iterable[str]) -> list[str]:
    """Those of these models that have recorded tables."""
    return [model for model in models if tables_elsewhere(model)]
