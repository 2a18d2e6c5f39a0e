"""Small tables of one full run, kept in the repository: what does not fit the default's time.

Claims and figures of a language model rest on the recorded run where it is of the same model
and has more seeds than the run at hand, and say so.
"""

from __future__ import annotations

from pathlib import Path

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
# What must be equal for two runs to speak of the same model.
SAME = ("grammar", "context", "network", "training")


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
    """A table of a model, and in words which run it is from."""
    own, recorded = read_table(path), folder / model / path.name
    seeds = _seeds(path)
    here = f"this run ({_counted(seeds)})"
    if path.stem not in KEPT or not recorded.is_file():
        return own, here
    made = read_provenance(recorded)["config"]["language"]["models"][model]
    wanted = config.language.models[model].model_dump()
    kept = _seeds(recorded)
    if any(made.get(key) != wanted[key] for key in SAME) or len(kept) <= len(seeds):
        return own, here
    return read_table(recorded), f"the recorded full run ({_counted(kept)})"


def _seeds(path: Path) -> list[int]:
    found = read_provenance(path)["seed"]
    return found if isinstance(found, list) else [found]


def _counted(seeds: list[int]) -> str:
    return f"{len(seeds)} seed" + ("s" if len(seeds) > 1 else "")


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Floats in single precision: enough for figures, half the size."""
    return table.astype(dict.fromkeys(table.select_dtypes("float64").columns, "float32"))
