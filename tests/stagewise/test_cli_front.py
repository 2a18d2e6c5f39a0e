"""What a newcomer types: the help, `show`, `figure`, and what the shell completes."""

from __future__ import annotations

import json
import subprocess
import sys
import webbrowser

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from analysis.tables.catalogue import CatalogueError, table_named
from stagewise.bundles.bundle import rules
from stagewise.cli import complete, panels
from stagewise.cli.main import app
from stagewise.cli.missing import check_figure, tables, task_of
from stagewise.cli.options import Given
from stagewise.config import Config, load_config, nearest
from stagewise.paths import Paths
from stagewise.provenance.store import write_table
from stagewise.tasks.base import PARTS, TaskError

HEAVY = ("torch", "pandas", "matplotlib", "sympy", "scipy", "transformers", "rocrate", "snakemake")


def given_in(folder, **settings) -> Given:
    """The default configuration with its results in a folder."""
    config = Config(results=str(folder))
    return Given(config, Paths(config), 1, "cpu", settings=(f"results={folder}",), **settings)


def call(*words):
    return CliRunner().invoke(app, words)


def test_the_help_begins_with_what_a_newcomer_needs():
    group = typer.main.get_command(app)
    names = group.list_commands(None)
    assert [n for n in names if n in panels.ORDER[:5]] == [
        n for n in panels.ORDER[:5] if n in names
    ]
    assert {"run", "show", "figure", "claims"} <= set(names[:5])
    assert set(names) - set(panels.ORDER) == set()  # a new command takes its place in the order
    shown = call("--help").output
    places = [shown.index(title) for title in (panels.START, panels.STAGES, panels.UPKEEP)]
    assert places == sorted(places)
    assert "─ Commands ─" not in shown  # none without a group


def test_the_help_imports_nothing_heavy():
    program = f"import sys, stagewise.cli.main; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [("stagewise figure hid", "hidden_paths"), ("stagewise sh", "show"), ("stagewise run toy_l",
     "toy_limits")],
)  # fmt: skip
def test_the_shell_completes(words, offered):
    shell = {"_STAGEWISE_COMPLETE": "complete_bash", "COMP_WORDS": words,
             "COMP_CWORD": str(words.count(" "))}  # fmt: skip
    done = CliRunner().invoke(app, env=shell, prog_name="stagewise")
    assert sorted(done.output.split()) == offered.split()


def test_names_offered_are_those_there_are(tmp_path):
    assert set(complete.parts_for("")) == {*PARTS, *rules()}
    file = tmp_path / "mine.yaml"
    file.write_text("language: {models: {controlled: null, second: {}}}")
    context = typer.Context(typer.main.get_command(app))
    context.params["configfile"] = [file]
    assert complete.run_models_for(context, "") == ["second"]
    file.write_text("no: [yaml")
    assert "controlled" in complete.models_for(context, "con")  # half typed: the default's


def test_show_says_what_to_do_where_nothing_is(tmp_path):
    done = call("show", "--set", f"results={tmp_path}")
    assert isinstance(done.exception, FileNotFoundError)
    assert f"snakemake --cores 2 --config results={tmp_path} -- all" in str(done.exception)
    assert f"stagewise explorer --set results={tmp_path}" in str(done.exception)
    assert isinstance(call("claims", "--show", "--set", f"results={tmp_path}").exception, OSError)


def test_show_prints_the_claims_and_opens_the_explorer(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    claim = {"claim": "It flips", "measured": "at 202", "verdict": "replicated"}
    (tmp_path / "claims.json").write_text(json.dumps({"C1": claim}))
    done = call("show", "--set", f"results={tmp_path}")
    assert "at 202" in done.output
    assert f"no explorer in {tmp_path} yet: stagewise explorer --set" in done.output
    assert not opened
    page = tmp_path / "explorer.html"
    page.write_text("<html>")
    assert "It flips" in call("show", "--set", f"results={tmp_path}").output
    assert opened == [page.as_uri()]
    quiet = call("show", "--no-browser", "--set", f"results={tmp_path}")
    assert f"explorer: {page.as_uri()}" in quiet.output
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("name", "near"),
    [("hiden_path", "hidden_paths"), ("influence", "class_influence"), ("stages", "stages_of_lea")],
)
def test_an_unknown_figure_is_answered_by_the_nearest(name, near):
    done = call("figure", name)
    assert isinstance(done.exception, TaskError)
    assert f"figure {name!r}: there is none such; did you mean" in str(done.exception)
    assert near in str(done.exception)


def test_a_name_near_to_none_gets_the_list():
    assert nearest("zzz", ["overview", "cost"]) == "choose one of overview, cost"
    assert nearest("", ["overview"]) == "choose one of overview"
    assert nearest("x", []) == "choose one of none"


def test_a_figure_without_tables_names_them_and_their_commands(tmp_path):
    done = call("figure", "stages_of_learning", "--set", f"results={tmp_path}")
    told = str(done.exception)
    assert isinstance(done.exception, TaskError)
    for table in ("losses", "modes"):
        path = tmp_path / "toy" / f"{table}.parquet"
        assert f"  {path}\n" in told
        assert f"made by: snakemake --cores 2 --config results={tmp_path} -- {path}" in told
    assert f"made by: stagewise run toy_learning --set results={tmp_path}" in told


@pytest.mark.parametrize("figure", ["hidden_paths", "predicted_times", "sizes", "upweighting"])
def test_the_task_that_is_named_writes_the_table(tmp_path, figure):
    given = given_in(tmp_path)
    for path in tables(given.config, given.paths, figure, "controlled"):
        task = task_of(given, path)
        assert task is not None
        written = [
            file
            for wildcards in task.jobs(given.config)
            for file in task.writes(task.job(given.config, given.paths, **wildcards))
        ]
        assert path in written


def test_a_recorded_table_stands_for_a_missing_one(tmp_path):
    given = given_in(tmp_path)
    assert tables(given.config, given.paths, "class_influence", "controlled") == []
    other = load_config([], [f"results={tmp_path}", "language.models.controlled.context=32"])
    assert tables(other, Paths(other), "class_influence", "controlled") != []


def test_a_figure_is_drawn_from_what_is_there(tmp_path):
    done = call("figure", "cost", "--set", f"results={tmp_path}")  # its table is recorded
    assert done.exception is None
    for suffix in ("pdf", "svg", "png"):
        assert f"wrote {tmp_path}/figures/cost.{suffix}" in done.output
        assert (tmp_path / "figures" / f"cost.{suffix}").stat().st_size > 5000


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda table: table.drop(columns="loss"), "toy.losses has the columns"),
        (lambda table: table.assign(loss=float("nan")), "toy.losses.loss has NaN"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, damage, named):
    given = given_in(tmp_path)
    for name in ("losses", "modes", "transitions"):
        write_table(one_row(name), given.paths.whole(name), {})
    check_figure(given, "stages_of_learning", None)
    write_table(damage(one_row("losses")), given.paths.whole("losses"), {})
    with pytest.raises(CatalogueError, match=named):
        check_figure(given, "stages_of_learning", None)


def one_row(name: str) -> pd.DataFrame:
    """A table of the toy as declared, of one row."""
    value = {"int": 1, "float": 0.5, "float?": 0.5, "str": "dog", "bool": True}
    kinds = table_named("toy", name).kinds
    return pd.DataFrame({column: [value[kind.kind]] for column, kind in kinds.items()})


def test_commands_that_are_advised_repeat_the_configuration(tmp_path):
    config = Config()
    sets = ("toy.steps=50", "toy.optimizer=adam", "seed=3")
    given = Given(config, Paths(config), 1, "cpu", (tmp_path / "my file.yaml",), sets)
    command = given.snakemake("all")
    assert command == (
        f"snakemake --cores 2 --configfile '{tmp_path}/my file.yaml' --config "
        """'toy={"steps": 50, "optimizer": "adam"}' seed=3 -- all"""
    )
    assert given.stagewise("show").endswith("--set toy.steps=50 --set toy.optimizer=adam --set "
                                            "seed=3")  # fmt: skip
    assert Given(config, Paths(config), 1, "cpu").snakemake("all") == "snakemake --cores 2 all"
