"""What the explorer shows: its tables, claims and pictures, of this run or of the recorded one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.tables.catalogue import CatalogueError, Table, catalogue
from figures.explorer import READS
from stagewise.config import Config
from stagewise.paths import RECORDED, RECORDED_RUN, Paths
from stagewise.provenance.recorded import (
    FIRST,
    KEPT,
    choose,
    of_record,
    own,
    stands_for,
    tables_elsewhere,
)
from stagewise.provenance.store import read_table
from stagewise.root import ROOT
from stagewise.tasks.base import TaskError
from stagewise.tasks.merge.explorer_pictures import figures_named, pictures_in
from stagewise.tasks.merge.order import of_tree, ordered
from stagewise.tasks.theory.hierarchies import HOME

if TYPE_CHECKING:
    import pandas as pd

ROOMS = ("toy", "theory", "language")
THIS_RUN, DEFAULTS_RUN = "this run", "the recorded run of the default configuration"
COLUMN = {"toy": "variant", "language": "model"}  # that tells the runs of a room apart


@cache
def read_by_views() -> tuple[Table, ...]:
    """The tables that the views of the explorer show.

    Raises:
        CatalogueError: there is none such in these rooms.
    """
    found: dict[str, Table] = {}
    for key in READS:
        table = catalogue().get(key)
        if table is None or table.room not in ROOMS:
            raise CatalogueError(
                f"the explorer reads {key}, which is no table of {', '.join(ROOMS)}"
            )
        found[key] = table
    return tuple(found.values())


@dataclass(frozen=True)
class Group:
    """Tables of one training of the toy, of the theory, or of one language model.

    Attributes:
        room: of the catalogue; name: the run's, as in the column `COLUMN` of its tables.
        own: catalogue key -> file of this run; kept: of the recorded one.
        command: that makes those of this run.
    """

    room: str
    name: str
    own: Mapping[str, Path]
    kept: Mapping[str, Path]
    command: str


def groups(config: Config, paths: Paths, record: Path = RECORDED_RUN) -> Iterator[Group]:
    """Every group that a configuration has, the toy first."""
    toy = [table for table in read_by_views() if table.room == "toy"]
    kept = Paths(record)
    for name in (HOME, *config.variants):
        mine, recorded = (
            {
                table.key: (place if name == HOME else place.variant(name)).whole(table.name)
                for table in toy
                if name == HOME or is_made(config, name, table)
            }
            for place in (paths, kept)
        )
        part = "toy" if name == HOME else "theory"
        yield Group("toy", name, mine, recorded, f"snakemake --cores 2 {part}")
    theory = [table for table in read_by_views() if table.room == "theory"]
    mine, recorded = ({t.key: place.theory(t.name) for t in theory} for place in (paths, kept))
    yield Group("theory", "", mine, recorded, "snakemake --cores 2 theory")
    language = {table.name: table.key for table in read_by_views() if table.room == "language"}
    for model, settings in config.language.models.items():
        made = [name for name in language if name in (*settings.tables, *FIRST)]
        yield Group(
            "language",
            model,
            {language[n]: paths.language(model).table(n, config.seed) for n in made},
            {language[n]: kept_table(kept, model, n) for n in made},
            "snakemake --cores 2 language",
        )
    for model, file in config.language.recorded.items():
        there = tables_elsewhere(model)
        recorded = {key: there[name] for name, key in language.items() if name in there}
        if recorded:
            yield Group("language", model, {}, recorded, f"snakemake --configfile {file}")


def is_made(config: Config, variant: str, table: Table) -> bool:
    """Whether a variant of the toy has a table."""
    return table.variants == "all" or (
        table.variants == "optimizers" and variant in config.theory.optimizers
    )


def kept_table(kept: Paths, model: str, name: str) -> Path:
    """The recorded table of a model of the default configuration: what claims rest on is of a
    longer run than the rest."""
    long = RECORDED / model / f"{name}.parquet"
    return long if name in KEPT else kept.language(model).root / f"{name}.parquet"


@dataclass
class Shown:
    """What the explorer is drawn from.

    Attributes:
        tables: catalogue key -> rows of all groups, with the column `COLUMN` first.
        claims: id -> record; pictures: figure -> WebP.
        told: run -> what is shown of it; "missing: name" -> what is, and the command that makes it;
            "setting key" -> value that the toy beside theory's tables was trained with.
        sources: files of the tables.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    claims: dict[str, dict[str, str]] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    sources: list[Path] = field(default_factory=list)

    def say(self, origin: str, called: str) -> None:
        """Note that something is shown of a run."""
        said = self.told.get(origin, "")
        if called not in said.split(", "):
            self.told[origin] = f"{said}, {called}" if said else called


def gather(
    config: Config, paths: Paths, *, recorded_only: bool = False, record: Path = RECORDED_RUN
) -> Shown:
    """What there is to show: of each group this run's tables, or where these are not whole the
    recorded ones.

    Args:
        recorded_only: as if there were no results.
        record: folder of the recorded run.

    Raises:
        TaskError: there is nothing at all, or the claims are no JSON.
        CatalogueError: a table is not as declared; names file, table and column.
    """
    import pandas as pd

    shown = Shown()
    parts: dict[str, list[pd.DataFrame]] = {}
    missing: dict[str, list[str]] = {}
    for group in groups(config, paths, record):
        if recorded_only:
            group = replace(group, own={})
        called, absent = group.name or group.room, {**group.own, **group.kept}
        for key, rows, path, origin in tables_of(config, group):
            parts.setdefault(key, []).append(labelled(group, rows))
            shown.sources.append(path)
            if catalogue()[key].scope != "first":
                shown.say(origin, called)
            del absent[key]
            if group.room == "theory":
                shown.told |= trained_with(config if origin == THIS_RUN else Config())
        if absent:
            lacking = [key for key in absent if key in group.own and not group.own[key].is_file()]
            names = ", ".join(catalogue()[key].name for key in lacking or absent)
            missing.setdefault(f"{names}; `{group.command}` makes it", []).append(called)
    if not parts:
        raise TaskError(
            f"the explorer has nothing to show: no tables in {paths.root} or {record}; "
            "`make reproduce` makes them"
        )
    whole = {key: pd.concat(rows, ignore_index=True) for key, rows in parts.items()}
    shown.tables = {key: table for key, table in whole.items() if len(table)}
    if len(shown.tables) < len(whole):  # as theory's, of a training that it does not cover
        shown.told["without rows"] = ", ".join(key for key in whole if key not in shown.tables)
    places = {THIS_RUN: paths, DEFAULTS_RUN: Paths(record)}
    if recorded_only:
        del places[THIS_RUN]
    add_claims(shown, places)
    folders = [*(place.figures for place in places.values()), ROOT / "docs" / "pictures"]
    shown.pictures, undrawn = pictures_in(folders, figures_named(shown.claims))
    if undrawn:
        shown.told["missing: pictures"] = f"{', '.join(undrawn)}; `make reproduce` draws them"
    shown.told |= {f"missing: {', '.join(of)}": words for words, of in missing.items()}
    return shown


def trained_with(config: Config) -> dict[str, str]:
    """The toy's values of what theory's predictions run over."""
    return {f"setting {k}": repr(getattr(config.toy, k)) for k in ("init_scale", "learning_rate")}


Found = tuple[str, "pd.DataFrame", Path, str]  # key, rows, file, where from


def tables_of(config: Config, group: Group) -> Iterator[Found]:
    """The tables of a group, each with where it is from.

    Those of the toy and of the theory are all of one run, so that none is shown beside another's,
    and none are shown where neither run has them all.
    """
    if group.room == "language":
        yield from of_model(config, group)
        return
    mine, recorded = (
        bool(files) and all(path.is_file() for path in files.values())
        for files in (group.own, group.kept)
    )
    if not mine and not recorded:
        return
    files, origin = (group.own, THIS_RUN) if mine else (group.kept, DEFAULTS_RUN)
    settings = config if mine else Config()
    toy = settings.toy
    if group.room == "toy" and group.name in settings.variants:
        toy = settings.variant(group.name)
    sort = ordered(settings, *of_tree(toy.tree))
    for key, path in files.items():
        yield key, sort(checked(key, path, read_table(path))), path, origin


def of_model(config: Config, group: Group) -> Iterator[Found]:
    """The tables of a language model: of the run with more seeds where claims rest on them."""
    sort, model = ordered(config), group.name
    for key in {**group.own, **group.kept}:
        mine, kept, name = group.own.get(key), group.kept[key], catalogue()[key].name
        if model in config.language.recorded:
            rows, origin = of_record(kept)
            origin += f", {config.language.recorded[model]}"
        elif mine is not None and mine.is_file():
            rows, origin = choose(config, model, mine) if name in KEPT else own(mine)
        elif kept.is_file() and stands_for(config, model, kept):
            rows, origin = of_record(kept)
        else:
            continue
        path = kept if "recorded" in origin or mine is None else mine
        yield key, sort(checked(key, path, rows)), path, origin


def checked(key: str, path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table, if it is as declared.

    Raises:
        CatalogueError: it is not; names the file, the table and the column.
    """
    try:
        catalogue()[key].check(table)
    except CatalogueError as error:
        raise CatalogueError(f"{path}: {error}") from error
    return table


def labelled(group: Group, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the run's name in the first column, where a room has several."""
    if group.room in COLUMN:
        rows.insert(0, COLUMN[group.room], group.name)
    return rows


def add_claims(shown: Shown, places: Mapping[str, Paths]) -> None:
    """The claims of the first run that has them.

    Raises:
        TaskError: the file is no JSON.
    """
    for origin, place in places.items():
        if place.claims.is_file():
            try:
                shown.claims = json.loads(place.claims.read_text(encoding="utf-8"))
            except json.JSONDecodeError as error:
                raise TaskError(f"{place.claims} is no table of claims: {error}") from error
            shown.say(origin, "claims")
            return
    shown.told["missing: claims"] = "`snakemake --cores 2 claims` decides them"
