"""Keep what the explorer shows of the default run, for readers who train nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.storage.files import whole_folder
from stagewise.config import Config, ConfigError
from stagewise.paths import RECORDED_RUN, Paths
from stagewise.provenance.store import read_provenance, read_table, write_json, write_table
from stagewise.tasks.merge.explorer_pictures import figures_named, scaled
from stagewise.tasks.merge.explorer_sources import checked, groups

if TYPE_CHECKING:
    import pandas as pd

BITS, OF_ERRORS = 18, 8  # binary digits kept of a float, of a standard error: five decimals, two
FEW = 64  # values of a column, as of a setting, that are kept as they are


def record_default(config: Config, paths: Paths) -> list[Path]:
    """`record_run` of the default configuration, wherever its results lie.

    Raises:
        ConfigError: it is another configuration.
    """
    if config.model_copy(update={"results": Config().results}) != Config():
        raise ConfigError("what is recorded is the default configuration's run, of no other")
    return record_run(config, paths)


def record_run(config: Config, paths: Paths, record: Path = RECORDED_RUN) -> list[Path]:
    """Keep the tables that the explorer shows of a finished run, its claims, and their pictures,
    in place of what was kept before.

    What claims about language models rest on is kept by `stagewise language record`, of longer
    runs.

    Raises:
        TableError: the run is not finished.
        CatalogueError: a table is not as declared; names file, table and column.
    """
    claims, origin = (
        json.loads(path.read_text(encoding="utf-8")) for path in (paths.claims, paths.claims_origin)
    )
    with whole_folder(record) as folder:
        for group in groups(config, paths, folder):
            for key, source in group.own.items():
                target = group.kept[key]
                if target.is_relative_to(folder):
                    table = thinned(checked(key, source, read_table(source)))
                    made = of_room(group.room, read_provenance(source))
                    write_table(table, target, made, small=True)
        kept = Paths(folder)
        write_json(claims, kept.claims)
        write_json(origin, kept.claims_origin)
        kept.figures.mkdir()
        for figure in figures_named(claims):
            picture = scaled(paths.figures / f"{figure}.png")
            (kept.figures / f"{figure}.webp").write_bytes(picture)
    return sorted(path for path in record.rglob("*") if path.is_file())


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """A table as small as the page needs it: floats of many values in single precision and to
    `BITS`, groups of evaluation sequences put together."""
    import numpy as np

    if "group" in table:
        order = list(table.columns)
        values = ["loss", "tokens"]
        by = [name for name in order if name not in ("group", *values)]
        table = table.groupby(by, sort=False)[values].sum().reset_index().assign(group=0)[order]
    found = {}
    for name in table.select_dtypes("float"):
        if table[name].nunique() > FEW:
            size, exponent = np.frexp(table[name].to_numpy(float))
            scale = 2.0 ** (OF_ERRORS if name == "std_error" else BITS)
            found[name] = np.ldexp(np.round(size * scale) / scale, exponent).astype("float32")
    return table.assign(**found)


def of_room(room: str, origin: dict[str, Any]) -> dict[str, Any]:
    """Provenance with the sections of the configuration that a room's tables rest on."""
    without = {"language": ("toy", "theory")}.get(room, ("language",))
    kept = {key: value for key, value in origin["config"].items() if key not in without}
    return origin | {"config": kept}
