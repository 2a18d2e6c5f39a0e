"""Where every result lives: the files are the interface between the stages."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

from analysis.tables.catalogue import CatalogueError, Table, of_room, table_named
from stagewise.config import Config
from stagewise.root import ROOT

RECORDED = ROOT / "recorded"
RECORDED_RUN = RECORDED / "laptop"  # of the default configuration, laid out like its results
WILDCARD = re.compile(r"{(\w+)}")
MANIFEST = ROOT / "recorded" / "manifest.parquet"  # files of the packages of texts, by hash


class Paths:
    """File names of one run, below the output root (a folder, or that of a configuration).

    Tables are asked for by the names of the catalogue; another name is an error that says so.
    """

    def __init__(self, root: Config | Path) -> None:
        self.root = root if isinstance(root, Path) else Path(root.results)
        self.toy = self.root / "toy"
        self.influence = self.whole("influence")
        self.events = self.root / f"{table_named('results', 'events').name}.parquet"
        self.claims = self.root / "claims.json"
        self.claims_page = self.root / "claims.md"
        self.claims_html = self.root / "claims.html"
        self.claims_origin = self.root / "claims.provenance.json"
        self.figures = self.root / "figures"
        self.explorer = self.root / "explorer.html"
        self.explorer_origin = self.root / "explorer.provenance.json"

    def seed(self, seed: int | str) -> Path:
        """Folder of one toy run."""
        return self.toy / f"seed{seed}"

    def checkpoints(self, seed: int | str) -> Path:
        """Checkpoint file of one toy run."""
        return self.seed(seed) / "checkpoints.safetensors"

    def estimator(self, name: str, seed: int | str) -> Path:
        """Influence by one estimator in one toy run."""
        return self.seed(seed) / "influence" / f"{name}.parquet"

    def part(self, name: str, seed: int | str) -> Path:
        """One seed's share of a table that `whole` holds for all seeds."""
        return self.seed(seed) / f"{_known('toy', name)}.parquet"

    def whole(self, name: str) -> Path:
        """A table over all seeds of the toy."""
        return self.toy / f"{_known('toy', name)}.parquet"

    def variant(self, name: str) -> Paths:
        """Results of a variant of the toy, laid out like those of a run of its own."""
        return Paths(self.root / "theory" / "variants" / name)

    def theory(self, name: str) -> Path:
        """A table of the theory's checks."""
        return self.root / "theory" / f"{_known('theory', name)}.parquet"

    def document(self, name: str) -> Path:
        """A file of the theory's document: theory.html, theory.md or formulas.json."""
        return self.root / "theory" / name

    def language(self, model: str) -> LanguagePaths:
        """Results of one language model."""
        return LanguagePaths(self.root / "language" / model)

    def across(self, name: str) -> Path:
        """A table of all language models; what sampling costs is kept in the repository."""
        known = table_named("across", name)
        folder = RECORDED / "cost" if known.recorded else self.root / "language"
        return folder / f"{known.name}.parquet"

    def corpus(self, name: str) -> Path:
        """Folder of a tokenised natural text."""
        return self.root / "language" / "corpora" / name

    def classes_page(self, name: str) -> Path:
        """The table of token classes of a natural text, for people."""
        return self.root / "language" / "corpora" / f"{name}_classes.md"

    def claims_of(self, room: str, model: str = "") -> Path:
        """The claims decided in one room (of language models: of one model)."""
        folder = self.root / room / model if model else self.root / room
        return folder / "claims.json"

    def table_of(self, path: Path, **wildcards: object) -> Table:
        """The table that a file below the root holds, or one run's part of.

        Args:
            path: of a Parquet file that need not be there; or a pattern of such paths, with
                Snakemake's wildcards in braces.
            wildcards: of a pattern, those that name the table ({table}); folders need none.

        Returns:
            its declaration.

        Raises:
            CatalogueError: no table is declared that is written there, or the pattern's name is
                not given; names those that are.
        """
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        name = WILDCARD.sub(lambda found: str(wildcards.get(found[1], found[0])), below.stem)
        match below.with_name(name).parts:
            case ("theory", "variants", _, *inner) if inner:
                return self.table_of(self.root.joinpath(*inner))
            case ("toy", _, "influence", _):
                return table_named("toy", "influence")
            case (("toy" | "theory") as room, name):
                return table_named(room, name)
            case ("toy", _, name):
                return table_named("toy", name)
            case ("language", name):
                return table_named("across", name)
            case ("language", _, name):
                return table_named("language", name)
            case ("language", _, _, name):
                return _of_part(name)
            case (name,):
                return table_named("results", name)
        raise CatalogueError(f"no table is declared that lies in {path.parent}")


class LanguagePaths:
    """File names of one language model."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.class_influence = self.whole("class_influence")
        self.landmarks = self.whole("landmarks")
        self.events = self.whole("events")

    def seed(self, seed: int | str) -> Path:
        """Folder of one training run, with one folder per checkpoint."""
        return self.root / f"seed{seed}"

    def part(self, name: str, seed: int | str) -> Path:
        """One run's share of a table that `whole` holds for all runs, by the part's name."""
        return self.seed(seed) / f"{name}.parquet"

    def whole(self, name: str) -> Path:
        """A table over all runs."""
        return self.root / f"{_known('language', name)}.parquet"

    def table(self, name: str, first_seed: int) -> Path:
        """A table by name: over all runs, or of the first where only that one is shown."""
        first = table_named("language", name).scope == "first"
        return self.part(name, first_seed) if first else self.whole(name)


def _known(room: str, name: str) -> str:
    """The name, if the catalogue has it; Snakemake's wildcards are filled in later."""
    return name if name.startswith("{") else table_named(room, name).name


def _of_part(name: str) -> Table:
    """The table of a language model of which a run writes a part of this name."""
    tables = {table.name: table for table in of_room("language") if table.scope != "whole"}
    if name in tables:
        return tables[name]
    known = {part: table for table in tables.values() for part in table.parts}
    for part, table in known.items():
        if fnmatchcase(name, re.sub(r"{.*?}", "*", part)):
            return table
    raise CatalogueError(
        f"no part {name!r} of a table is declared for language, only {', '.join([*tables, *known])}"
    )
