"""The workflow itself, on a small unbalanced tree, in a copy of the repository."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from safetensors import safe_open

from analysis.claims.core import Verdict
from figures import of_room, scripts
from stagewise.config import load_config
from stagewise.provenance.store import read_provenance, read_table
from stagewise.tasks.merge.figures import load_tables

TABLES, THEORY_TABLES = of_room("toy"), of_room("theory")
LANGUAGE_TABLES, ACROSS_TABLES = of_room("language"), of_room("across")
IN_DOCUMENT = ("stages_of_learning", *THEORY_TABLES)

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("pipeline")]


def test_contracts_of_files_and_columns(run):
    paths, items = run.paths, 9
    with safe_open(paths.checkpoints(11), "pt") as file:
        assert file.get_tensor("W1").shape == (13, 24, items)
        assert json.loads(file.metadata()["config"])["seed"] == 11
    influence = read_table(paths.influence)
    assert list(influence.columns) == [
        "estimator", "eta", "step", "source", "target", "influence", "std_error", "normalized",
        "seed",
    ]  # fmt: skip
    estimators = ["bif", "bif_gaussian", "closed_form", "first_order", "loo", "spread", "unrolled",
                  "wave"]  # fmt: skip
    assert sorted(influence["estimator"].unique()) == estimators
    sizes = influence.groupby("estimator").size() / (13 * items**2)
    assert sizes.to_dict() == {
        "bif": 2, "bif_gaussian": 2, "closed_form": 1, "first_order": 1, "loo": 2, "spread": 1,
        "unrolled": 1, "wave": 1,
    }  # fmt: skip
    exact = influence["estimator"] != "bif"
    assert influence.loc[exact, "std_error"].isna().all()
    assert (
        influence.loc[~exact & (influence["source"] != influence["target"]), "std_error"] > 0
    ).all()
    assert set(influence.loc[influence["estimator"] == "loo", "eta"]) == {1.0, 0.1}
    events = read_table(paths.events)
    assert list(events.columns)[:10] == [
        "experiment", "estimator", "source", "target", "kind", "step", "ci_low", "ci_high",
        "direction", "q_value",
    ]  # fmt: skip
    assert (events["ci_low"] <= events["step"]).all()
    assert (events["step"] <= events["ci_high"]).all()
    assert (events["q_value"] <= 0.05).all()
    claims = json.loads(paths.claims.read_text())
    of_language = [f"C{k}{model}" for k in range(7, 11) for model in ("", " pythia_14m")]
    assert list(claims) == [
        *(f"C{k}" for k in range(1, 7)), *of_language, "C11", "X1", "X2", "X3",
        *(f"X{k}" for k in range(5, 13)),
    ]  # fmt: skip
    elsewhere = claims["C8 pythia_14m"]
    assert elsewhere["verdict"] == "not run"
    assert elsewhere["reason"].endswith("--configfile workflow/config/pythia.yaml")
    for claim in claims.values():
        assert set(claim) == {
            "claim", "origin", "paper", "predicted", "measured", "interval", "verdict", "reason",
            "figure",
        }  # fmt: skip
        figures = {**TABLES, **THEORY_TABLES, **LANGUAGE_TABLES}
        figure = claim["figure"].removesuffix("_held_out").removesuffix("_pythia_14m")
        assert figure in figures
        assert claim["verdict"] in get_args(Verdict)
    assert read_provenance(paths.events)["config"]["toy"]["hidden_width"] == 24
    of_model = [f"{name}_held_out" for name in LANGUAGE_TABLES]
    for name in (*TABLES, *THEORY_TABLES, *of_model, *ACROSS_TABLES):
        for suffix in ("pdf", "svg", "png"):
            assert (paths.figures / f"{name}.{suffix}").stat().st_size > 5000


def test_an_estimator_is_one_file(run):
    # `wave` and `spread` are files that the fixture put beside the others, one exact, one sampled.
    table, events = (read_table(path) for path in (run.paths.influence, run.paths.events))
    svg = (run.paths.figures / "influence_by_estimator.svg").read_bytes()
    for name in ("wave", "spread"):
        rows = table[table["estimator"] == name]
        assert len(rows) == 13 * 81
        flips = events[(events["estimator"] == name) & (events["kind"] == "flip")]
        assert flips.groupby(["source", "target"]).ngroups == 72
        drawn = read_table(run.paths.whole("trajectories"))
        assert (drawn["label"] == name).any()
    config = load_config([run.config])
    figure = scripts()["influence_by_estimator"].draw(
        load_tables(config, run.paths, "influence_by_estimator")
    )
    titles = [axis.get_ylabel().split("\n")[0] for axis in figure.axes]
    assert {"wave", "spread"} <= set(titles)
    assert len(svg) > 5000


def test_first_order_theory_is_the_unrolled_derivative(run):
    # The contract's table: to rounding, where the closed form is tens of per cent away.
    table = read_table(run.paths.influence).set_index("estimator")["influence"]
    exact = table["unrolled"].to_numpy()
    difference = np.abs(table["first_order"].to_numpy() - exact).max() / np.abs(exact).max()
    assert difference < 1e-12
    assert np.abs(table["closed_form"].to_numpy() - exact).max() > 0.05 * np.abs(exact).max()


def test_the_theory_is_one_document_with_every_formula_and_figure(run):
    folder = run.paths.root / "theory"
    formulas = json.loads((folder / "formulas.json").read_text())["formulas"]
    assert {"strength", "diagonal", "pair", "symmetry", "covariance", "damped"} <= set(formulas)
    assert {entry["proved"] for entry in formulas.values()} <= {"symbolically", "numerically"}
    page = (folder / "theory.html").read_text()
    assert page.count("<math") > len(formulas)
    assert page.count("data:image/svg+xml") == len(IN_DOCUMENT)
    assert "$$" not in page
    assert "http" not in page.replace("http://www.w3.org", "")  # nothing to fetch
    text = (folder / "theory.md").read_text()
    assert all(entry["latex"] in text for entry in formulas.values())
    assert "| three |" in text


def test_variants_differ_in_what_they_say_and_share_the_rest(run):
    for name, optimizer, items in (("three", "gradient_descent", 3), ("adam", "adam", 9)):
        place = run.paths.variant(name)
        toy = read_provenance(place.influence)["config"]["toy"]
        assert (toy["optimizer"], toy["hidden_width"]) == (optimizer, 24)
        table = read_table(place.influence)
        assert table["source"].nunique() == items
        assert sorted(table["seed"].unique()) == [11, 12]
    assert run.paths.variant("adam").whole("windows").is_file()
    optimizers = read_table(run.paths.theory("optimizers"))
    assert list(optimizers["optimizer"].unique()) == ["gradient_descent", "adam"]
    assert len(optimizers) == 10


def test_no_table_holds_nan_where_a_number_belongs(run):
    may = {"induction", "induction_tokens", "std_error", "eta", "r_hat", "knee", "fastest", "start",
           "middle", "end", "theory_middle", "crossing"}  # fmt: skip
    may |= {f"{time}_{end}" for time in ("start", "middle", "end") for end in ("low", "high")}
    for path in run.paths.root.rglob("*.parquet"):
        if ".kept" not in path.parts:
            table, toy = read_table(path), read_provenance(path)["config"].get("toy", {})
            other = toy.get("optimizer", "gradient_descent") != "gradient_descent"
            here = may | ({"theory"} if other else set())
            kept = table.drop(columns=[c for c in table if c in here])
            assert not kept.isna().any(axis=None), path


def test_sampled_influence_agrees_with_its_gaussian_limit(run):
    # The workflow's own numbers, with few draws: z-scores of all pairs and checkpoints.
    table = read_table(run.paths.influence)
    keys = ["step", "source", "target", "normalized"]
    bif = table[table["estimator"] == "bif"].set_index(keys)
    exact = table[table["estimator"] == "bif_gaussian"].set_index(keys)["influence"]
    different = bif.index.get_level_values("source") != bif.index.get_level_values("target")
    different &= bif.index.get_level_values("normalized")
    z = ((bif["influence"] - exact) / bif["std_error"])[different]
    assert len(z) == 13 * 72
    assert np.sqrt((z**2).mean()) < 1.35  # 1.1 expected with 16 blocks


def test_a_run_ends_with_where_its_time_went(run):
    asked = subprocess.run(
        [sys.executable, "-m", "stagewise", "times", "--configfile", str(run.config)],
        cwd=run.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "2 cores, busy" in asked.stdout
    assert "2 cores, busy" in run.said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("toy: {posterior: {gamma: 0}}", "toy.posterior.gamma = 0: Input should be greater than 0"),
        ("toy: {stepz: 5}", "toy.stepz = 5: unknown key (did you mean steps?)"),
    ],
)
def test_a_bad_config_stops_before_any_work(run, text, message):
    path = run.folder / "bad.yaml"
    path.write_text("results: never\n" + text)
    done = run.snakemake("--configfile", str(path), check=False)
    assert done.returncode != 0
    assert message in done.stdout + done.stderr
    assert not (run.folder / "never").exists()


def test_a_damaged_checkpoint_is_refused_and_kept(run):
    good = run.paths.checkpoints(11)
    broken = run.folder / "broken" / good.relative_to(run.paths.root)
    broken.parent.mkdir(parents=True)
    broken.write_bytes(good.read_bytes()[:1000])
    command = [sys.executable, "-m", "stagewise", "toy", "influence", "unrolled", "--seed", "11",
               "--configfile", str(run.config), "--set", "results=broken"]  # fmt: skip
    done = subprocess.run(command, cwd=run.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error: broken/toy/seed11/checkpoints.safetensors cannot be read" in done.stderr
    assert len(broken.read_bytes()) == 1000
    assert not (broken.parent / "influence").exists()
