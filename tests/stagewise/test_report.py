"""Snakemake's report: every result stands in its room, with its model, caption and claims."""

from __future__ import annotations

import json
import re
import zipfile

import pytest

from figures import scripts
from stagewise.config import load_config
from stagewise.pages.claims_html import claims_html
from stagewise.pages.report import WIDEST, figure_shown, table_shown
from stagewise.paths import Paths
from stagewise.provenance.archive import write_manifest
from stagewise.root import ROOT
from stagewise.tasks.base import tasks

CATEGORIES = {"Toy", "Theory", "Language", "Claims", "Explorer"}


@pytest.mark.parametrize(
    ("pattern", "wildcards", "category", "part", "name"),
    [
        ("toy/{table}.parquet", {"table": "windows"}, "Toy", "tables", "windows"),
        ("theory/times.parquet", {}, "Theory", "tables", "times"),
        ("theory/variants/{variant}/toy/losses.parquet", {"variant": "adam"}, "Theory",
         "variant adam", "losses"),
        ("language/{model}/{table}.parquet", {"model": "m", "table": "landmarks"}, "Language",
         "m, tables", "landmarks"),
        ("language/sizes.parquet", {}, "Language", "all models, tables", "sizes"),
        ("events.parquet", {}, "Claims", "claims and events", "events"),
    ],
)  # fmt: skip
def test_a_table_stands_in_its_room(tmp_path, pattern, wildcards, category, part, name):
    shown = table_shown(Paths(tmp_path), tmp_path / pattern, wildcards)
    assert (shown.category, shown.subcategory) == (category, part)
    assert shown.labels["result"].startswith(f"table {name}: ")


def test_every_table_of_all_runs_has_a_place(tmp_path):
    config, paths = load_config(), Paths(tmp_path)
    for task in tasks().values():
        patterns = [*task.writes(task.pattern(config, paths))]
        for wildcards in task.jobs(config):
            for pattern in patterns:
                if pattern.suffix == ".parquet" and "{seed}" not in str(pattern):
                    assert table_shown(paths, pattern, wildcards).category in CATEGORIES


def test_a_figure_stands_in_its_room():
    for name, script in scripts().items():
        shown = figure_shown(name, "m" if script.room == "language" else "")
        room = "Language" if script.room == "across" else script.room.capitalize()
        part = {"language": "m", "across": "all models"}.get(script.room, "figures")
        assert (shown.category, shown.subcategory) == (room, part)
        assert len(shown.label) <= WIDEST
        assert shown.label.startswith(f"figure {name}:")
    assert figure_shown("forecast", "natural", recorded=True).subcategory == "natural (recorded)"


def test_captions_are_there():
    rules = (ROOT / "workflow" / "rules" / "common.smk").read_text()
    names = re.search(r"for name in \((.+?)\)", rules)
    assert names is not None
    for name in re.findall(r'"(\w+)"', names[1]):
        assert (ROOT / "workflow" / "report" / f"{name}.rst").read_text().strip()


def test_the_claims_are_a_page():
    record = {
        "claim": "It flips", "origin": "paper", "predicted": "a < b", "measured": "p < 0.05",
        "interval": "", "verdict": "partly", "reason": "none", "figure": "overview",
    }  # fmt: skip
    page = claims_html({"C1": record})
    assert '<a href="#c1">C1</a>' in page
    assert '<a id="c1"></a>' in page
    assert "<strong>partly</strong>" in page
    assert "p &lt; 0.05" in page
    assert "http" not in page


@pytest.mark.pipeline
@pytest.mark.xdist_group("pipeline")
def test_the_report_of_a_run(run, tmp_path):
    run.snakemake("--report", str(tmp_path / "report.zip"))
    archive = zipfile.ZipFile(tmp_path / "report.zip")
    page = archive.read("report/report.html").decode()
    categories, results = (
        json.loads(re.search(rf"var {name} = (\{{.*\}});?\n", page)[1])  # type: ignore[index]
        for name in ("categories", "results")
    )
    assert set(categories) == CATEGORIES
    assert {"figures", "tables", "document", "variant adam"} <= set(categories["Theory"])
    assert {"held_out", "held_out, tables", "all models"} <= set(categories["Language"])
    drawn = {path.name for path in run.paths.figures.glob("*.png")}
    there = {result["name"] for result in results.values()}
    assert drawn <= there
    assert {"claims.html", "events.parquet", "theory.html", "losses.parquet"} <= there
    figure = next(r for r in results.values() if r["name"] == "hidden_paths.png")
    assert scripts()["hidden_paths"].shows in figure["caption"].replace("\n", " ")
    assert all(result["caption"] and result["labels"]["result"] for result in results.values())
    raw = [name for name in archive.namelist() if name.endswith("hidden_paths.png")]
    png = (run.paths.figures / "hidden_paths.png").read_bytes()
    assert [archive.read(name) for name in raw] == [png]
    runtimes = json.loads(re.search(r"var runtimes_spec = (\{.*\});?\n", page)[1])  # type: ignore[index]
    assert {"toy_bif", "merge_claims"} <= {row["rule"] for row in runtimes["data"]["values"]}
    manifest = json.loads(write_manifest(run.paths).read_text())
    named = {entity["@id"] for entity in manifest["@graph"]}
    tables = [p for p in run.paths.root.rglob("*.parquet") if ".kept" not in p.parts]
    for path in [*tables, *run.paths.figures.glob("*.*")]:
        assert path.relative_to(run.paths.root).as_posix() in named


@pytest.mark.pipeline
@pytest.mark.xdist_group("pipeline")
def test_where_the_catalogue_looks_is_the_same_workflow(run):
    done = run.snakemake(
        "--snakefile", "workflow/Snakefile", "--dry-run", "--forcerun", "merge_claims"
    )
    planned = (done.stdout + done.stderr).replace("_", " ")
    assert "merge claims" in planned
    assert "everything" in planned  # its own default target, which stands for all
