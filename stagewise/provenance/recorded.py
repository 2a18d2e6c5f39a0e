"""Small tables of full runs, kept in the repository: what does not fit the default's time.

Claims and figures of a language model rest on the recorded run where it was made with the same
settings (how often is measured and drawn aside) and has more seeds than the run at hand, and say
so. Models of other configurations (`language.elsewhere`) are shown from their recorded tables
alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.tables.catalogue import of_room
from stagewise.config import Config
from stagewise.config.corpus import CorpusConfig
from stagewise.config.language import LanguageModelConfig
from stagewise.config.renamed import with_new_names
from stagewise.paths import RECORDED, Paths
from stagewise.provenance.store import (
    read_provenance,
    read_table,
    write_json,
    write_table,
    write_text,
)

FOLDER = RECORDED
# Tables that claims rest on, and those that figures of a model elsewhere need beside them.
KEPT = [table.name for table in of_room("language") if table.recorded == "claims"]
SHOWN = [table.name for table in of_room("language") if table.recorded == "figures"]
FIRST = [table.name for table in of_room("language") if table.scope == "first"]
# What may differ between two runs that measure the same: how much of it there is.
EXTENT = (
    "seeds", "measure_all_until", "measure_every", "threads", "gpus", "jobs_by_checkpoint",
    "sequences_at_once",
)  # fmt: skip
EXTENT_OF_SAMPLING = {"draws", "chains", "memory_gib"}


def recorded_files(folder: Path = FOLDER) -> list[str]:
    """Every recorded table, as paths."""
    return sorted(str(path) for path in folder.glob("*/*.parquet"))


def record(config: Config, paths: Paths, folder: Path = FOLDER) -> list[Path]:
    """Keep the small tables of a finished run, provenance included: of the default's models
    those that claims rest on, of others all that their figures show, how fast they were trained,
    and their token classes.

    Raises:
        TableError: the run is not finished.
    """
    written = []
    for model, settings in config.language.models.items():
        place = paths.language(model)
        names = [name for name in KEPT if name in settings.tables]
        if model in config.language.elsewhere:
            names += [name for name in SHOWN if name in (*settings.tables, *FIRST)]
        for name in names:
            source, target = place.table(name, config.seed), folder / model / f"{name}.parquet"
            write_table(rounded(read_table(source)), target, read_provenance(source))
            written.append(target)
        if model in config.language.elsewhere:
            written += _beside(config, paths, model, folder / model)
    return written


def _beside(config: Config, paths: Paths, model: str, folder: Path) -> list[Path]:
    """Keep how fast each run was trained, and the page of the text's token classes."""
    place, written = paths.language(model), []
    speeds = {f"seed{s}": place.seed(s) / "speed.json" for s in config.language_seeds(model)}
    told = {k: json.loads(p.read_text(encoding="utf-8")) for k, p in speeds.items() if p.is_file()}
    if told:
        write_json(told, folder / "speed.json")
        written.append(folder / "speed.json")
    corpus = config.language.models[model].corpus
    if corpus is not None and paths.classes_page(corpus).is_file():
        page = paths.classes_page(corpus).read_text(encoding="utf-8")
        write_text(page, folder / "token_classes.md")
        written.append(folder / "token_classes.md")
    return written


def tables_elsewhere(model: str, folder: Path = FOLDER) -> dict[str, Path]:
    """The recorded tables of a model of another configuration, by name."""
    return {path.stem: path for path in sorted((folder / model).glob("*.parquet"))}


def of_record(path: Path) -> tuple[pd.DataFrame, str]:
    """A recorded table, and in words which run it is from."""
    return read_table(path), f"a recorded run ({_counted(_seeds(path))})"


def choose(
    config: Config, model: str, path: Path, folder: Path = FOLDER
) -> tuple[pd.DataFrame, str]:
    """A table of a model, and in words which run it is from.

    Raises:
        TableError: this run has no such table, and the recorded one does not stand for it.
    """
    recorded = folder / model / path.name
    seeds = _seeds(path) if path.is_file() else []
    if path.stem not in KEPT or not recorded.is_file():
        return own(path)
    kept = _seeds(recorded)
    if len(kept) <= len(seeds) or not stands_for(config, model, recorded):
        return own(path)
    return read_table(recorded), f"the recorded full run ({_counted(kept)})"


def stands_for(config: Config, model: str, recorded: Path) -> bool:
    """Whether a recorded table was made with the settings that a configuration has for a model: on
    the same text, with the same first seed, and all that decides what is measured."""
    made = with_new_names(read_provenance(recorded)["config"])
    # A setting that is younger than the recorded run had its default's effect then.
    then = LanguageModelConfig.model_validate(made["language"]["models"][model])
    now = config.language.models[model]
    if now.schedules is None:  # what was tried beside the rest changes none of it
        then = then.model_copy(update={"schedules": None})
    same = _measured(then) == _measured(now)
    text = config.language.text(model)
    before = made["language"].get("corpora", {}).get(then.corpus)
    same &= (before and CorpusConfig.model_validate(before)) == text
    return same and made["seed"] == config.seed


def standing_for(config: Config, model: str, folder: Path = FOLDER) -> list[str]:
    """Names of the recorded tables that stand for those which a configuration does not ask for."""
    made = config.language.models[model].tables
    return [
        name
        for name, path in tables_elsewhere(model, folder).items()
        if name in KEPT and name not in made and stands_for(config, model, path)
    ]


def own(path: Path) -> tuple[pd.DataFrame, str]:
    """A table of this run, and that it is."""
    return read_table(path), f"this run ({_counted(_seeds(path))})"


def _measured(model: LanguageModelConfig) -> dict[str, Any]:
    """All settings but how many runs and checkpoints there are, and how it is computed."""
    settings = model.model_dump()
    sampling = settings["posterior"].items()
    posterior = {key: value for key, value in sampling if key not in EXTENT_OF_SAMPLING}
    rest = {key: value for key, value in settings.items() if key not in EXTENT}
    return rest | {"posterior": posterior}


def _seeds(path: Path) -> list[int]:
    found = read_provenance(path)["seed"]
    return found if isinstance(found, list) else [found]


def _counted(seeds: list[int]) -> str:
    return f"{len(seeds)} seed" + ("s" if len(seeds) > 1 else "")


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Floats in single precision: enough for figures, half the size."""
    return table.astype(dict.fromkeys(table.select_dtypes("float64").columns, "float32"))
