"""The workflow itself, on a small unbalanced tree, in a copy of the repository."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from analysis.claims.core import Verdict
from figures import of_room, scripts
from figures.style.common import save
from stagewise.config import load_config
from stagewise.paths import Paths
from stagewise.provenance.store import read_provenance, read_table
from stagewise.tasks.base import perform
from stagewise.tasks.merge.figures import load_tables
from tests.stagewise.conftest import Run

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


def test_theory_alone_needs_no_language_model(run):
    planned = _planned(run, "theory", "--config", "results=elsewhere")
    assert {"theory_document", "claims_theory", "toy_bif"} <= set(planned)
    assert not any(rule.startswith("language") for rule in planned)


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


def test_a_second_run_does_nothing_and_says_so(run):
    done = run.snakemake()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_run_ends_with_where_its_time_went(run):
    asked = subprocess.run(
        [sys.executable, "-m", "stagewise", "times", "--configfile", str(run.config)],
        cwd=run.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "2 cores, busy" in asked.stdout
    assert "2 cores, busy" in run.said


def _planned(run: Run, *arguments: str) -> dict[str, int]:
    """Rules a dry run would execute, with their counts."""
    done = run.snakemake("--dry-run", *arguments)
    lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_a_new_seed_and_a_new_run_compute_only_themselves(run):
    more = ["toy={seeds: 2}", "language={models: {held_out: {seeds: 3}}}"]
    planned = _planned(run, "--config", *more)
    assert planned["toy_train"] == planned["toy_bif"] == planned["toy_windows"] == 1
    assert planned["toy_exact"] == 1
    assert not {"toy_sweep", "theory_hierarchy", "theory_optimizer"} & set(planned)
    assert planned["language_train"] == planned["language_influence"] == 1
    assert planned["language_upweighting"] == 1
    assert "language_localisation" not in planned


def test_editing_a_module_reruns_what_uses_it_and_nothing_else(run):
    path = run.folder / "analysis" / "statistics" / "events.py"
    before = path.read_text()
    try:
        path.write_text(before + "\n# edited\n")
        planned = _planned(run)
    finally:
        path.write_text(before)
    assert {"toy_curves", "claims_toy", "merge_claims"} <= set(planned)
    spared = {"toy_train", "toy_bif", "toy_exact", "toy_windows", "toy_limits", "toy_sweep"}
    assert not spared & set(planned)


def test_a_changed_setting_reruns_what_depends_on_it(run):
    planned = _planned(run, "--config", "toy={window_every: 80}")
    assert "toy_windows" in planned
    assert not {"toy_train", "toy_bif", "toy_exact", "toy_curves", "toy_sweep"} & set(planned)


def test_an_edited_figure_draws_itself_and_no_other(run):
    path = run.folder / "figures" / "toy" / "sampler_sweep.py"
    before = path.read_text()
    logs, drawn = run.paths.root / "logs", run.paths.figures / "hidden_paths.svg"
    kept = drawn.read_bytes()
    try:
        path.write_text(before + "\n# edited\n")
        planned = _planned(run)
        run.snakemake("draw")
    finally:
        path.write_text(before)
        run.snakemake("draw")
    assert {"draw", "explorer"} <= set(planned)
    assert not {"draw_theory", "theory_document", "merge_claims"} & set(planned)
    assert [line for line in (logs / "draw.log").read_text().splitlines() if "draw_" in line] == [
        "INFO: draw_sampler_sweep"
    ]
    assert drawn.read_bytes() == kept


def test_what_is_forced_is_made_anew(run):
    wanted = run.paths.whole("limits").relative_to(run.folder)
    run.snakemake(str(wanted), "--forcerun", "toy_limits")
    done = (run.paths.root / "logs" / "toy_limits.log").read_text()
    assert "toy_limits_11" in done
    assert "toy_collect_limits" in done


def test_figures_are_byte_identical_when_drawn_again(run, tmp_path):
    config, paths = load_config([run.config]), run.paths
    for name in ("influence_by_estimator", "hidden_paths"):
        for path in save(scripts()[name].draw(load_tables(config, paths, name)), tmp_path / name):
            assert path.read_bytes() == (paths.figures / path.name).read_bytes(), path.name


def test_killed_run_resumes_to_the_same_result(run):
    # The whole process group dies by SIGKILL in the middle of sampling; the same command then
    # finishes, locks and half-done work notwithstanding, with the uninterrupted result.
    target, kept = "toy/seed11/influence/bif.parquet", "toy/seed11/influence/.kept"
    setting = ["--config", "toy={posterior: {draws: 1000}, checkpoint_every: 20}"]
    base = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", str(run.config)]
    killed = [*base, *setting, "results=killed", "--", f"killed/{target}"]
    process = subprocess.Popen(
        killed, cwd=run.folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list((run.folder / "killed" / kept).glob("*.parquet")):
        assert time.monotonic() < deadline, "nothing sampled"
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (run.folder / "killed" / target).exists()
    done = subprocess.run(killed, cwd=run.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    whole = run.folder / "whole"
    config = load_config(
        [run.config], ["toy.posterior.draws=1000", "toy.checkpoint_every=20", f"results={whole}"]
    )
    for stage in ("toy_train", "toy_bif"):
        perform(stage, config, Paths(config), seed=11)
    a, b = (read_table(run.folder / name / target) for name in ("killed", "whole"))
    pd.testing.assert_frame_equal(a, b, check_exact=True)


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
