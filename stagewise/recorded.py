"""Small tables of one full run, kept in the repository: what does not fit the default's time.

Claims and figures of a language model rest on the recorded run where it was made with the same
settings and has more seeds than the run at hand, and say so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from stagewise.code import ROOT
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.store import read_provenance, read_table, write_table

FOLDER = ROOT / "recorded"
# Tables that claims rest on.
KEPT = (
    "transitions", "trajectories", "events", "forecast", "forecast_means", "races",
    "race_differences", "localisation_summary", "milestones",
)  # fmt: skip
# What may differ between two runs that measure the same: how much of it there is.
EXTENT = ("seeds", "measure_all_until")


def recorded_files(folder: Path = FOLDER) -> list[str]:
    """Every recorded table, as paths."""
    return sorted(str(path) for path in folder.glob("*/*.parquet"))


def record(config: Config, paths: Paths, folder: Path = FOLDER) -> list[Path]:
    """Keep the small tables of a finished run, provenance included.

    Raises:
        TableError: the run is not finished.
    """
    written = []
    for model in config.language.models:
        for name in KEPT:
            source = paths.language(model).whole(name)
            target = folder / model / f"{name}.parquet"
            write_table(_rounded(read_table(source)), target, read_provenance(source))
            written.append(target)
    return written


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
    made, kept = read_provenance(recorded)["config"], _seeds(recorded)
    same = _measured(made["language"]["models"][model]) == _measured(
        config.language.models[model].model_dump()
    )
    if not same or made["seed"] != config.seed or len(kept) <= len(seeds):
        return own(path)
    return read_table(recorded), f"the recorded full run ({_counted(kept)})"


def own(path: Path) -> tuple[pd.DataFrame, str]:
    """A table of this run, and that it is."""
    return read_table(path), f"this run ({_counted(_seeds(path))})"


def _measured(settings: dict[str, Any]) -> dict[str, Any]:
    """All settings but how many runs and checkpoints there are, and memory."""
    posterior = {k: v for k, v in settings["posterior"].items() if k != "memory_gib"}
    rest = {key: value for key, value in settings.items() if key not in EXTENT}
    return rest | {"posterior": posterior}


def _seeds(path: Path) -> list[int]:
    found = read_provenance(path)["seed"]
    return found if isinstance(found, list) else [found]


def _counted(seeds: list[int]) -> str:
    return f"{len(seeds)} seed" + ("s" if len(seeds) > 1 else "")


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Floats in single precision: enough for figures, half the size."""
    return table.astype(dict.fromkeys(table.select_dtypes("float64").columns, "float32"))
