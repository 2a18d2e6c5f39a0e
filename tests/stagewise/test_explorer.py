"""What the explorer is drawn from: this run, the recorded one, and what is said of either."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import figures.explorer
from analysis.tables.catalogue import CatalogueError, Table, catalogue
from stagewise.cli.main import app
from stagewise.config import Config, ConfigError, load_config
from stagewise.paths import Paths
from stagewise.provenance.recorded import KEPT
from stagewise.provenance.store import (
    provenance,
    read_table,
    write_json,
    write_table,
)
from stagewise.tasks.base import TaskError, perform
from stagewise.tasks.merge.explorer import write_explorer
from stagewise.tasks.merge.explorer_record import record_default, record_run
from stagewise.tasks.merge.explorer_sources import gather, groups, read_by_views

CLAIM = {"claim": "a", "figure": "hidden_paths", "verdict": "partly"}
CLAIMS = {"C1": CLAIM, "C2": {**CLAIM, "figure": "odd", "verdict": "not run"}}
SMALL = [
    "theory.hierarchies={depth_4: null, unbalanced: null}",
    "theory.optimizers={gradient_descent: null, momentum: null, minibatch: null}",
    "language.elsewhere={natural: null, natural_small: null, pythia_14m: null}",
]


@pytest.fixture
def config(tmp_path) -> Config:
    return load_config(settings=[*SMALL, f"results={tmp_path / 'results'}"])


@pytest.fixture
def record(tmp_path) -> Path:
    """Where the recorded run would lie."""
    return tmp_path / "record"


def made_up(table: Table, value: float) -> pd.DataFrame:
    """Two rows of a table as declared, all numbers the same."""
    kinds = {"str": "x", "int": 1, "bool": True}
    return pd.DataFrame({n: [kinds.get(c.kind, value)] * 2 for n, c in table.kinds.items()})


def write(config: Config, paths: Paths, value: float, record: Path) -> None:
    """A finished run of nothing."""
    for group in groups(config, paths, record):
        for key, path in group.own.items():
            write_table(made_up(catalogue()[key], value), path, provenance(config.model_dump(), 0))
    write_json(CLAIMS, paths.claims)
    write_json({}, paths.claims_origin)
    paths.figures.mkdir()
    Image.new("RGB", (1600, 400), "white").save(paths.figures / "hidden_paths.png")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A run whose numbers are all 0.5 and a little, which single precision does not hold."""
    folder = tmp_path_factory.mktemp("finished")
    config = load_config(settings=[*SMALL, f"results={folder / 'results'}"])
    write(config, Paths(config), 0.5 + 1e-12, folder / "record")
    return folder / "results"


@pytest.fixture
def run(config, finished) -> Paths:
    """A copy of it."""
    return Paths(Path(shutil.copytree(finished, config.results)))


def of(table: pd.DataFrame, column: str, name: str) -> np.ndarray:
    """Its numbers of one run."""
    return table.loc[table[column] == name].select_dtypes("float").to_numpy()


def test_a_finished_run_is_shown_with_a_column_that_tells_its_trainings_apart(config, run, record):
    shown = gather(config, run, record=record)
    assert set(shown.tables) == set(figures.explorer.READS)
    curves = shown.tables["toy.trajectories"]
    assert list(curves.columns) == ["variant", *catalogue()["toy.trajectories"].kinds]
    assert list(curves["variant"].unique()) == ["toy", "depth_2", "adam"]
    for key, table in shown.tables.items():
        extra = {"toy": ["variant"], "language": ["model"]}.get(key.split(".")[0], [])
        assert list(table.columns) == [*extra, *catalogue()[key].kinds]
    assert shown.claims == CLAIMS
    assert "toy, depth_2, adam, theory, claims" in shown.told["this run"]
    assert not any(name.startswith("missing") for name in shown.told)


def test_what_is_kept_of_a_run_is_what_the_views_read_and_stands_in_for_it(config, run, record):
    whole = gather(config, run, record=record)
    record_run(config, run, record)
    kept = gather(config, Paths(record.parent / "nothing"), record=record)
    files = {path.relative_to(record).as_posix() for path in record.rglob("*") if path.is_file()}
    names = {table.name for table in read_by_views() if table.room == "toy"}
    assert {f for f in files if f.startswith("toy/")} == {f"toy/{n}.parquet" for n in names}
    assert {"claims.json", "figures/hidden_paths.webp"} <= files
    assert not any(f"controlled/{name}." in file for file in files for name in KEPT)
    for key, table in whole.tables.items():
        if key.startswith("language"):
            continue  # of the longer recorded run
        pd.testing.assert_frame_equal(table, kept.tables[key], check_dtype=False, rtol=1e-6)
    assert "toy, depth_2" in kept.told["the recorded run of the default configuration"]
    assert (kept.claims, kept.pictures) == (whole.claims, whole.pictures)
    stale = record / "toy" / "stale.parquet"
    stale.touch()
    record_run(config, run, record)
    assert not stale.exists()


def test_no_training_is_shown_from_two_runs(config, run, record):
    record_run(config, run, record)
    changed = provenance(config.model_dump(), 0)
    for place in (run, run.variant("adam")):
        for name in ("losses", "trajectories"):
            table = made_up(catalogue()[f"toy.{name}"], 7.0)
            write_table(table, place.whole(name), changed)
    run.whole("modes").unlink()
    shown = gather(config, run, record=record)
    for key in ("toy.trajectories", "toy.losses"):
        assert np.allclose(of(shown.tables[key], "variant", "toy"), 0.5)
        assert (of(shown.tables[key], "variant", "adam") == 7.0).all()
    alone = gather(config, run, record=record, recorded_only=True)
    assert np.allclose(of(alone.tables["toy.losses"], "variant", "adam"), 0.5)


def test_what_is_missing_is_named_with_the_command_that_makes_it(config, run, record):
    run.whole("losses").unlink()
    run.theory("what_if").unlink()
    run.claims.unlink()
    shown = gather(config, run, record=record)
    assert "toy" not in set(shown.tables["toy.losses"]["variant"])
    assert "theory.what_if" not in shown.tables
    assert shown.told["missing: toy"] == "losses; `snakemake --cores 2 toy` makes it"
    assert shown.told["missing: theory"].startswith("what_if; `snakemake --cores 2 theory`")
    assert "snakemake --cores 2 claims" in shown.told["missing: claims"]


def test_what_theory_does_not_cover_is_left_out_and_said(config, run, record, caplog):
    setting = "toy.optimizer=momentum"
    other = load_config(settings=[*SMALL, f"results={run.root}", setting])
    perform("theory_what_if", other, run)
    assert "theory needs gradient descent and a hidden unit per item (8)" in caplog.text
    shown = gather(other, run, record=record)
    assert not any(key.startswith("theory") for key in shown.tables)
    without = "theory.what_if, theory.what_if_events, theory.what_if_stages"
    assert shown.told["without rows"] == without


def test_the_page_is_told_what_the_toy_was_trained_with(config, run, record):
    record_run(config, run, record)
    settings = [*SMALL, f"results={run.root}", "toy.learning_rate=0.03"]
    other = load_config(settings=settings)
    told = [gather(other, run, record=record, recorded_only=only).told for only in (False, True)]
    assert [one["setting learning_rate"] for one in told] == ["0.03", "0.05"]
    assert {one["setting init_scale"] for one in told} == {"0.01"}


def test_nothing_at_all_says_what_to_do(config, record, monkeypatch):
    none = config.language.model_copy(update={"models": {}})
    config = config.model_copy(update={"language": none})
    with pytest.raises(TaskError, match=r"nothing to show: no tables in .*`make reproduce` makes"):
        gather(config, Paths(record), record=record)


def test_an_explorer_asked_for_first_is_drawn_from_what_is_recorded(config, run, record):
    record_run(config, run, record)
    first = Paths(record.parent / "first")
    shown = gather(config, first, record=record)
    assert set(shown.tables) >= {"toy.losses", "theory.what_if"}
    assert "this run" not in shown.told


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda t: t.drop(columns="loss"),
            "table toy.losses has the columns .*declared are .*; missing: loss",
        ),
        (lambda t: t.assign(loss=np.nan), "toy.losses.loss has NaN among its values"),
        (lambda t: t.assign(loss="x"), "toy.losses.loss is .*, not float"),
    ],
)
def test_a_damaged_table_is_named_with_its_file_and_column(
    config, run, record, damage, message, recorded
):
    record_run(config, run, record)
    path = (Paths(record) if recorded else run).whole("losses")
    write_table(damage(read_table(path)), path, provenance({}, 0))
    with pytest.raises(CatalogueError, match=rf"losses\.parquet: {message}") as told:
        gather(config, run, record=record, recorded_only=recorded)
    assert str(path) in str(told.value)


def test_claims_that_are_no_json_are_named(config, run, record):
    run.claims.write_text("{")
    with pytest.raises(TaskError, match=r"claims\.json is no table of claims"):
        gather(config, run, record=record)


def test_pictures_are_small_and_of_the_claims_that_were_run(config, run, record):
    shown = gather(config, run, record=record)
    assert list(shown.pictures) == ["hidden_paths"]
    with Image.open(io.BytesIO(shown.pictures["hidden_paths"])) as picture:
        assert picture.size == (800, 200)
    (run.figures / "hidden_paths.png").unlink()
    told = gather(config, run, record=record).told
    assert told["missing: pictures"] == "hidden_paths; `make reproduce` draws them"


def test_items_stand_in_the_order_of_their_own_hierarchy(config, run, record):
    mixed = made_up(catalogue()["toy.losses"], 1.0)
    for place, items in ((run, ["lily", "dog"]), (run.variant("depth_2"), ["oak", "sparrow"])):
        write_table(mixed.assign(item=items), place.whole("losses"), provenance({}, 0))
    losses = gather(config, run, record=record).tables["toy.losses"]
    assert list(losses["item"][:4]) == ["dog", "lily", "sparrow", "oak"]


def test_the_page_is_written_whole_with_its_origin(config, run, record, monkeypatch):
    monkeypatch.setattr(figures.explorer, "page", lambda *parts: json.dumps(parts[3]))
    path = write_explorer(config, run)
    assert path == run.root / "explorer.html"
    told = json.loads(path.read_text())
    origin = json.loads(run.explorer_origin.read_text())
    assert origin["shown"] == told
    assert origin["config"] == config.model_dump()
    assert origin["code_of_sources"]
    assert [file.name for file in run.root.iterdir() if file.name.startswith(".")] == []
    before = path.read_bytes()
    assert write_explorer(config, run).read_bytes() == before


def test_the_command_prints_where_the_page_is(config, run, monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.setattr(figures.explorer, "page", lambda *_: "<p>")
    arguments = [f"--set={setting}" for setting in [*SMALL, f"results={run.root}"]]
    done = CliRunner().invoke(app, ["explorer", *arguments])
    assert done.output.strip().endswith(str(run.explorer)), done.output


def test_only_the_default_configuration_is_recorded(config, run):
    with pytest.raises(ConfigError, match="the default configuration's run"):
        record_default(config, run)
