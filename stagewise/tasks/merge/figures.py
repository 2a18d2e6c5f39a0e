"""Draw the figures from finished tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import figures_of, of_room, scripts
from stagewise.config import Config, nearest
from stagewise.paths import Paths
from stagewise.provenance.recorded import (
    FIRST,
    FOLDER,
    KEPT,
    choose,
    of_record,
    own,
    recorded_files,
    standing_for,
    tables_elsewhere,
)
from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, TaskError, chosen, task
from stagewise.tasks.merge.order import ordered

if TYPE_CHECKING:
    from figures.style.common import Tables

SUFFIXES = ("pdf", "svg", "png")


def files(paths: Paths, stem: str) -> list[Path]:
    """The files of a figure."""
    return [paths.figures / f"{stem}.{suffix}" for suffix in SUFFIXES]


def whole(paths: Paths, figure: str) -> list[Path]:
    """The tables of a figure of the toy, of the theory or of all models."""
    script = scripts()[figure]
    place = {"toy": paths.whole, "theory": paths.theory, "across": paths.across}[script.room]
    return [place(name) for name in script.reads]


def modules(*rooms: str) -> list[str]:
    """Scripts of rooms."""
    return [script.module for script in scripts().values() if script.room in rooms]


def script_of(job: Job) -> list[str]:
    """The script of a figure."""
    return [scripts()[job.figure].module]


def each_drawn(config: Config) -> list[dict[str, Any]]:
    """One job per figure of the toy and of the theory."""
    return [{"figure": name} for room in ("toy", "theory") for name in of_room(room)]


@task(
    wildcards=("figure",),
    jobs=each_drawn,
    reads=lambda job: whole(job.paths, job.figure),
    writes=lambda job: files(job.paths, job.figure),
    settings=lambda job: chosen(job.config.toy, "focus"),
    own=script_of,
)
def draw(job: Job) -> None:
    """Draw a figure of the toy or of the theory: PDF, SVG, PNG."""
    from figures.style.common import save

    tables = load_tables(job.config, job.paths, job.figure)
    save(scripts()[job.figure].draw(tables), job.paths.figures / job.figure)


def load_tables(config: Config, paths: Paths, figure: str) -> Tables:
    """The tables of a figure by name, with the run's hierarchy and focus."""
    from figures.style.common import Tables

    reads = scripts()[figure].reads
    files_ = zip(reads, whole(paths, figure), strict=True)
    sort = ordered(config)
    tables = Tables({name: sort(read_table(path)) for name, path in files_})
    tables.tree = config.toy.tree
    tables.focus = config.toy.tree.focus(config.toy.focus)
    return tables


def each_across(config: Config) -> list[dict[str, Any]]:
    """One job per figure of all language models together, and of what measuring them costs."""
    names = [name for name in of_room("across") if name == "cost" or config.language.models]
    return [{"figure": name} for name in names]


@task(
    wildcards=("figure",),
    jobs=each_across,
    reads=lambda job: whole(job.paths, job.figure),
    writes=lambda job: files(job.paths, job.figure),
    own=script_of,
)
def draw_across(job: Job) -> None:
    """Draw a figure of all language models."""
    from figures.style.common import save

    tables = load_tables(job.config, job.paths, job.figure)
    save(scripts()[job.figure].draw(tables), job.paths.figures / job.figure)


def each_of_model(config: Config) -> list[dict[str, Any]]:
    """One job per language model and figure that its tables, or recorded ones, allow."""
    return [
        {"figure": name, "model": model}
        for model, settings in config.language.models.items()
        for name in figures_of([*settings.tables, *FIRST, *standing_for(config, model)])
    ]


def of_model(job: Job) -> Iterable[Path]:
    """The tables of a figure of a model, and what is recorded."""
    place, seed = job.paths.language(job.model), job.config.seed
    recorded = standing_for(job.config, job.model)
    reads = (name for name in scripts()[job.figure].reads if name not in recorded)
    yield from (place.table(name, seed) for name in reads)
    yield from map(Path, recorded_files())


@task(
    wildcards=("figure", "model"),
    jobs=each_of_model,
    reads=of_model,
    writes=lambda job: files(job.paths, f"{job.figure}_{job.model}"),
    settings=lambda job: chosen(
        job.config.language.models[job.model], "upweighting", "shown_sequence"
    ),
    own=script_of,
)
def draw_language(job: Job) -> None:
    """Draw a figure of a language model."""
    draw_model(job.config, job.paths, job.model, [job.figure])


def each_recorded(config: Config) -> list[dict[str, Any]]:
    """One job per recorded model of another configuration: its tables never change one by one."""
    recorded = config.language.recorded
    return [{"model": model} for model in recorded if figures_of(tables_elsewhere(model))]


@task(
    wildcards=("model",),
    jobs=each_recorded,
    reads=lambda job: tables_elsewhere(job.model).values(),
    writes=lambda job: [
        path
        for name in figures_of(tables_elsewhere(job.model))
        for path in files(job.paths, f"{name}_{job.model}")
    ],
    uses=lambda: modules("language"),
)
def draw_recorded(job: Job) -> None:
    """Draw every figure of a model of another configuration, from its recorded tables."""
    draw_model(job.config, job.paths, job.model, figures_of(tables_elsewhere(job.model)))


def draw_model(config: Config, paths: Paths, model: str, names: Iterable[str]) -> None:
    """Draw figures of a language model."""
    from figures.style.common import save

    for name in names:
        tables = load_language_tables(config, paths, model, name)
        save(scripts()[name].draw(tables), paths.figures / f"{name}_{model}")


def load_language_tables(
    config: Config, paths: Paths, model: str, figure: str, folder: Path = FOLDER
) -> Tables:
    """The tables a figure of a language model reads, and which run they are from: this one, or
    the recorded one where it has more seeds and holds all of them, or is of another
    configuration."""
    from figures.style.common import Tables

    place, tables, runs = paths.language(model), Tables(), []
    names = scripts()[figure].reads
    kept, elsewhere = set(names) <= set(KEPT), tables_elsewhere(model, folder)
    for name in names:
        path = place.table(name, config.seed)
        if model in config.language.recorded:
            tables[name], run = of_record(elsewhere[name])
            run += f", {config.language.recorded[model]}"
        else:
            tables[name], run = choose(config, model, path, folder) if kept else own(path)
        runs.append(run)
    sort = ordered(config)
    for name in names:
        tables[name] = sort(tables[name])
    tables.run = "; ".join(dict.fromkeys(runs))
    tables.model = model
    return tables


def draw_named(config: Config, paths: Paths, name: str, model: str | None = None) -> Iterable[Path]:
    """Draw one figure by name; "all": every figure of a recorded model.

    Returns:
        the files written.

    Raises:
        TaskError: there is no such figure, or it needs a language model and none is named.
    """
    from stagewise.tasks.base import perform

    recorded = [one["model"] for one in each_recorded(config)]
    if name == "all" and model in recorded:
        return perform("draw_recorded", config, paths, model=model)
    if name not in scripts():
        raise TaskError(f"figure {name!r}: there is none such; {nearest(name, scripts())}")
    room = scripts()[name].room
    if room != "language":
        task_ = "draw_across" if room == "across" else "draw"
        return perform(task_, config, paths, figure=name)
    here = [m for m in recorded if name in figures_of(tables_elsewhere(m))]
    if model is None or model not in (*config.language.models, *here):
        allowed = ", ".join((*config.language.models, *here)) or "none"
        raise TaskError(f"figure {name!r} shows a language model, not {model!r}: {allowed}")
    draw_model(config, paths, model, [name])
    return files(paths, f"{name}_{model}")
