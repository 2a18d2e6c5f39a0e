"""The explorer: one page for the browser, from finished tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from models.storage.declarations import modules_of
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.recorded import recorded_files
from stagewise.provenance.store import inherited, provenance, write_json, write_text
from stagewise.root import ROOT
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.merge.explorer_sources import gather, groups

VIEWS = "figures.explorer"
FOLDER = ROOT / "figures" / "explorer"


def shown_files(job: Job) -> Iterable[Path]:
    """Tables of this run and recorded ones beside them, claims, figures, and the page's scripts."""
    from stagewise.tasks.everything import part_files

    for group in groups(job.config, job.paths):
        yield from group.own.values() or group.kept.values()
    yield from map(Path, recorded_files())
    yield job.paths.claims
    drawn = part_files(job.config, job.paths, "figures")
    yield from (path for path in drawn if path.suffix == ".png")
    yield from sorted(f for f in FOLDER.iterdir() if f.suffix in (".js", ".css", ".html"))


@task(
    jobs=once,
    reads=shown_files,
    writes=lambda job: [job.paths.explorer, job.paths.explorer_origin],
    settings=lambda job: [
        chosen(job.config.toy, "hierarchy", "focus"),
        chosen(job.config.theory, "hierarchies", "optimizers"),
    ],
    uses=lambda: modules_of(VIEWS),
)
def explorer(job: Job) -> None:
    """Write the explorer."""
    write_explorer(job.config, job.paths)


def write_explorer(config: Config, paths: Paths, *, recorded_only: bool = False) -> Path:
    """Write the explorer from what is there, with its provenance beside it.

    Args:
        recorded_only: from the recorded tables alone.

    Returns:
        the page's path.

    Raises:
        TaskError: there is nothing to show.
        CatalogueError: a table is not as declared; names file, table and column.
    """
    from figures.explorer import page

    shown = gather(config, paths, recorded_only=recorded_only)
    content = page(shown.tables, shown.claims, shown.pictures, shown.told)
    write_text(content, paths.explorer)
    made = provenance(config.model_dump(), config.toy_seeds) | inherited(shown.sources)
    write_json(made | {"shown": shown.told}, paths.explorer_origin)
    return paths.explorer
