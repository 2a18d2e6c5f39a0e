"""A name that is missing from a list stops the pipeline before any work, and is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.claims import core
from analysis.tables.catalogue import CatalogueError
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.registry import TASKS, TaskError, tasks
from stagewise.tasks import everything
from stagewise.tasks.merge import check
from stagewise.tasks.merge.check import check_declarations


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts the whole pipeline, which must do nothing."""

    def run() -> None:
        config = Config()
        everything.run_part(config, Paths(tmp_path), "all")

    monkeypatch.setattr(everything, "run_jobs", lambda *_, **__: pytest.fail("work was begun"))
    return run


@pytest.mark.parametrize("profile", ["default", "no language"])
def test_what_the_project_declares_is_there(tmp_path, profile):
    config = Config()
    if profile == "no language":
        none = config.language.model_copy(update={"models": {}})
        config = config.model_copy(update={"language": none})
    check_declarations(config, Paths(tmp_path))


def test_a_claim_cannot_read_a_table_that_is_not_declared(start, monkeypatch):
    odd = replace(core.rules()[0], id="C0", reads=("events", "windos"))
    monkeypatch.setattr(core, "rules", lambda: (odd,))
    with pytest.raises(TaskError, match=r"claim C0 reads .*'windos' .* toy, only influence.*wind"):
        start()


@pytest.mark.parametrize("room", ["toy", "theory", "language", "across"])
def test_a_figure_cannot_read_a_table_that_is_not_declared(start, monkeypatch, room):
    script = next(script for script in check.scripts().values() if script.room == room)
    odd = replace(script, name="odd", reads=(*script.reads, "windos"))
    monkeypatch.setattr(check, "scripts", lambda: {"odd": odd})
    allowed = rf"figure odd \({script.module}\) reads .*'windos' is declared for {room}, only \w+,"
    with pytest.raises(TaskError, match=allowed):
        start()


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("toy/windos.parquet", "'windos' is declared for toy, only influence"),
        ("toy/seed0/windos.parquet", "'windos' is declared for toy, only influence"),
        ("theory/windos.parquet", "'windos' is declared for theory, only phases"),
        ("theory/variants/adam/toy/windos.parquet", "'windos' is declared for toy"),
        ("language/windos.parquet", "'windos' is declared for across, only sizes"),
        ("language/controlled/windos.parquet", "'windos' is declared for language, only class_"),
        ("language/controlled/seed0/windos.parquet", "no part 'windos' .* language, only class_"),
        ("language/controlled/seed0/races.parquet", "no part 'races' of a table"),  # whole only
        ("windos.parquet", "'windos' is declared for results, only events"),
        ("/elsewhere/windos.parquet", "no table is declared that lies in /elsewhere"),
        ("elsewhere/at/all.parquet", "no table is declared that lies in .*elsewhere/at"),
    ],
)
def test_a_task_cannot_write_a_table_that_is_not_declared(start, monkeypatch, file, says):
    odd = replace(tasks()["merge_events"], name="odd", writes=lambda j: [j.paths.root / file])
    monkeypatch.setitem(TASKS, "odd", odd)
    with pytest.raises(TaskError, match=rf"task odd \(stagewise\S+\) writes a table: .*{says}"):
        start()


def test_a_task_that_asks_for_the_path_of_no_table_is_named(start, monkeypatch):
    odd = replace(tasks()["merge_events"], name="odd", writes=lambda j: [j.paths.whole("windos")])
    monkeypatch.setitem(TASKS, "odd", odd)
    with pytest.raises(TaskError, match=r"task odd .* 'windos' is declared for toy, only influ"):
        start()


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("toy/seed0/influence/loo.parquet", "toy.influence"),
        ("toy/seed0/windows.parquet", "toy.windows"),
        ("theory/variants/adam/toy/windows.parquet", "toy.windows"),
        ("theory/variants/adam/toy/seed0/influence/loo.parquet", "toy.influence"),
        ("language/sizes.parquet", "across.sizes"),
        ("language/m/seed3/influence.parquet", "language.class_influence"),
        ("language/m/seed3/sampler.parquet", "language.sampler"),
        ("language/m/seed3/upweighting_induction.parquet", "language.upweighting"),
        ("language/m/landmarks.parquet", "language.landmarks"),
        ("events.parquet", "results.events"),
    ],
)
def test_a_file_belongs_to_its_table(tmp_path, file, key):
    assert Paths(tmp_path).table_of(tmp_path / file).key == key


@pytest.mark.parametrize(
    ("pattern", "wildcards", "key"),
    [
        ("toy/{table}.parquet", {"table": "windows"}, "toy.windows"),
        ("toy/seed{seed}/diagnostics.parquet", {}, "toy.diagnostics"),
        ("theory/variants/{variant}/toy/{table}.parquet", {"table": "modes"}, "toy.modes"),
        ("language/{model}/{table}.parquet", {"model": "m", "table": "landmarks"},
         "language.landmarks"),
        ("language/{model}/seed{seed}/upweighting_{class_name}.parquet", {},
         "language.upweighting"),
    ],
)  # fmt: skip
def test_a_pattern_belongs_to_its_table(tmp_path, pattern, wildcards, key):
    assert Paths(tmp_path).table_of(tmp_path / pattern, **wildcards).key == key


def test_a_pattern_whose_name_is_open_is_refused(tmp_path):
    with pytest.raises(CatalogueError, match=r"'\{table\}' is declared for toy, only influence"):
        Paths(tmp_path).table_of(tmp_path / "toy" / "{table}.parquet")


def test_a_path_is_asked_for_by_a_declared_name(tmp_path):
    with pytest.raises(CatalogueError, match="'windos' is declared for language, only class_infl"):
        Paths(tmp_path).language("m").whole("windos")
