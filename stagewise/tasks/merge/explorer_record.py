"""Keep what the explorer shows of the default run, for readers who train nothing."""

from __future__ import annotations

import json
from pathlib import Path

from models.storage.files import whole_folder
from stagewise.config import Config, ConfigError
from stagewise.paths import RECORDED_RUN, Paths
from stagewise.provenance.recorded import rounded
from stagewise.provenance.store import read_provenance, read_table, write_json, write_table
from stagewise.tasks.merge.explorer_sources import checked, figures_named, groups, scaled


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
                    table = checked(key, source, read_table(source))
                    write_table(rounded(table), target, read_provenance(source))
        kept = Paths(folder)
        write_json(claims, kept.claims)
        write_json(origin, kept.claims_origin)
        kept.figures.mkdir()
        for figure in figures_named(claims):
            picture = scaled(paths.figures / f"{figure}.png")
            (kept.figures / f"{figure}.webp").write_bytes(picture)
    return sorted(path for path in record.rglob("*") if path.is_file())
