"""What a second run of the workflow does again, and what it leaves alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from figures import scripts
from figures.style.common import save
from stagewise.config import load_config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table
from stagewise.tasks.base import perform
from stagewise.tasks.merge.figures import load_tables
from tests.stagewise.conftest import Run

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("pipeline")]


def test_a_second_run_does_nothing_and_says_so(run):
    done = run.snakemake()
    assert "Nothing to be done" in done.stdout + done.stderr


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


def test_theory_alone_needs_no_language_model(run):
    planned = _planned(run, "theory", "--config", "results=elsewhere")
    assert {"theory_document", "claims_theory", "toy_bif"} <= set(planned)
    assert not any(rule.startswith("language") for rule in planned)
