"""The language stages in the workflow: contracts, resumption, refusals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

import models.language.architectures.attention_only  # noqa: F401  registers the architecture
from figures import scripts
from figures.style.common import save
from stagewise.config import load_config
from stagewise.provenance.recorded import choose, record
from stagewise.provenance.store import read_provenance, read_table, write_table
from stagewise.tasks.merge.figures import load_language_tables
from tests.stagewise.conftest import Run

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("pipeline")]
MODEL = "held_out"


def test_class_influence_is_what_the_contract_says(run):
    table = read_table(run.paths.language(MODEL).class_influence)
    assert list(table.columns) == [
        "estimator", "seed", "step", "tokens_seen", "source_class", "target_class", "pairs",
        "influence", "std_error", "normalized", "n_pairs",
    ]  # fmt: skip
    assert set(table["seed"]) == {11, 12}
    assert (table["tokens_seen"] == table["step"] * 8 * 40).all()
    combinations = set(zip(table["estimator"], table["pairs"], table["normalized"], strict=True))
    assert combinations == {
        ("bif", "all", False), ("bif", "all", True), ("bif", "across_sequences", False),
        ("bif", "across_sequences", True), ("gradient", "across_sequences", False),
        ("echo", "across_sequences", False),
    }  # fmt: skip
    assert table.loc[table["estimator"] != "bif", "std_error"].isna().all()
    assert (table.loc[table["estimator"] == "bif", "std_error"] > 0).all()
    assert table["influence"].notna().all()
    assert read_provenance(run.paths.language(MODEL).class_influence)["seed"] == [11, 12]


def test_an_estimator_of_classes_is_one_file(run):
    # `echo` is a file that the fixture put beside the others: minus four the loss that was drawn.
    place = run.paths.language(MODEL)
    table = read_table(place.class_influence)
    curve = table[table["estimator"] == "echo"].groupby("step")["influence"].mean()
    assert curve.iloc[0] > curve.iloc[-1]
    mean = read_table(place.whole("trajectories"))
    assert (mean["label"] == "echo").any()
    config = load_config([run.config])
    tables = load_language_tables(config, run.paths, MODEL, "class_influence")
    figure = scripts()["class_influence"].draw(tables)
    _, drawn = figure.axes[0].get_legend_handles_labels()
    assert "echo" in drawn


def test_checkpoints_are_hugging_face_directories(run):
    place = run.paths.language(MODEL)
    for folder in (place.root / "step48", place.seed(12) / "step4"):
        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        assert model.config.vocab_size == 96
        assert len(AutoTokenizer.from_pretrained(folder, local_files_only=True)) == 96
    assert not list(place.root.rglob("*.bin"))


def test_landmarks_and_stages_are_there(run):
    place = run.paths.language(MODEL)
    marks = read_table(place.landmarks)
    assert {"step", "name", "value", "seed"} <= set(marks.columns)
    names = set(marks["name"])
    assert {"loss_induction", "kl_unigram", "kl_bigram", "in_context", "llc",
            "delimiter_matching", "prefix_matching_0.0", "previous_token_1.1"} <= names  # fmt: skip
    assert marks["value"].notna().all()
    stages = read_table(place.whole("transitions"))
    assert {"unigram", "word"} <= set(stages["stage"])
    known = stages.dropna(subset=["start"])
    assert ((known["start_low"] <= known["start"]) & (known["start"] <= known["start_high"])).all()


def test_all_events_are_in_one_table(run):
    experiments = set(read_table(run.paths.events)["experiment"])
    own = read_table(run.paths.language(MODEL).events)
    assert "toy" in experiments
    assert set(own["experiment"]) <= experiments


def test_figures_of_language_models_are_byte_identical_when_drawn_again(run, tmp_path):
    config = load_config([run.config])
    for name in ("loss_by_class", "token_influence"):
        tables = load_language_tables(config, run.paths, MODEL, name)
        for path in save(scripts()[name].draw(tables), tmp_path / f"{name}_{MODEL}"):
            assert path.read_bytes() == (run.paths.figures / path.name).read_bytes(), path.name


def stage(run: Run, *arguments: str, results: str) -> subprocess.CompletedProcess[str]:
    """One command of the command line, on the small configuration."""
    command = [sys.executable, "-m", "stagewise", "language", *arguments, "--configfile",
               str(run.config), "--set", f"results={results}"]  # fmt: skip
    return subprocess.run(command, cwd=run.folder, capture_output=True, text=True, check=False)


def kill_when(run: Run, there: Path, pattern: str, *arguments: str, results: str) -> None:
    """Start a stage and kill it, whole group and SIGKILL, as soon as `pattern` appears."""
    command = [sys.executable, "-m", "stagewise", "language", *arguments, "--configfile",
               str(run.config), "--set", f"results={results}"]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=run.folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(there.glob(pattern)):
        assert time.monotonic() < deadline, "nothing done"
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_killed_training_and_sampling_resume_to_the_same_result(run):
    whole = run.paths.language(MODEL).seed(11)
    folder = run.folder / "killed" / "language" / MODEL / "seed11"
    for stage_name, pattern, there in (
        ("train", "step8", folder), ("influence", "influence*.parquet", folder / "influence/.kept"),
    ):  # fmt: skip
        arguments = (stage_name, MODEL, "--seed", "11")
        kill_when(run, there, pattern, *arguments, results="killed")
        done = stage(run, *arguments, results="killed")
        assert done.returncode == 0, done.stderr[-2000:]
    for name in ("learning", "influence", "sampler", "token_influence"):
        a, b = (read_table(place / f"{name}.parquet") for place in (folder, whole))
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    weights = "step48/model.safetensors"
    assert (folder / weights).read_bytes() == (whole / weights).read_bytes()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("grammar: {name: 0.9}", "grammar.name = 0.9, open_delimiter = 0.08"),
        ("network: {heads: 3}", "network.width = 16: heads = 3 must divide it"),
        ("stepz: 3", "unknown key"),
        ("posterior: {draws: 3}", "posterior.draws = 3: with chains = 2 at least 16"),
        ("upweighting: {classes: {verbs: {threshold: 1.0, window: 5, until: 9}}}", "class verbs"),
    ],
)
def test_impossible_settings_are_refused_by_name(run, settings, message):
    setting = f"language.models.{MODEL}={{{settings}}}"
    done = stage(run, "train", MODEL, "--seed", "11", "--set", setting, results="never")
    assert done.returncode == 1
    assert message in done.stderr
    assert not (run.folder / "never").exists()


def test_an_evaluation_set_without_a_class_is_refused(run):
    setting = f"language.models.{MODEL}.grammar.name=1e-9"
    done = stage(run, "train", MODEL, "--seed", "11", "--set", setting, results="never")
    assert done.returncode == 1
    assert "hold no token of class first_mention, repeat_start, induction" in done.stderr
    assert not (run.folder / "never").exists()


def test_checkpoints_of_other_settings_and_without_weights_are_refused(run):
    source = run.paths.language(MODEL).seed(11)
    target = run.folder / "moved" / "language" / MODEL / "seed11"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.parquet", ".kept"))
    arguments = ("landmarks", MODEL, "--seed", "11")
    other = f"language.models.{MODEL}.training.learning_rate=0.02"
    done = stage(run, *arguments, "--set", other, results="moved")
    assert done.returncode == 1
    assert "was trained with language.models.held_out.training" in done.stderr
    (target / "step0" / "model.safetensors").unlink()
    done = stage(run, *arguments, results="moved")
    assert done.returncode == 1
    assert "step0 has no weights" in done.stderr
    assert not list(target.glob("*.parquet"))


def test_another_measure_of_the_curve_trains_anew(run):
    # The curve is kept with the checkpoints: on other sequences it must not be taken over.
    source = run.paths.language(MODEL).seed(11)
    target = run.folder / "longer" / "language" / MODEL / "seed11"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.parquet", ".kept"))
    more = f"language.models.{MODEL}.landmark_sequences=32"
    done = stage(run, "train", MODEL, "--seed", "11", "--set", more, results="longer")
    assert done.returncode == 0, done.stderr[-2000:]
    before, after = (
        read_table(folder / "learning.parquet").query("`class` == 'word' and step == 0")
        for folder in (source, target)
    )
    assert after["tokens"].sum() > 1.5 * before["tokens"].sum()
    means = [table["loss"].sum() / table["tokens"].sum() for table in (before, after)]
    assert abs(means[0] - means[1]) < 0.2


def test_the_recorded_run_is_used_where_it_has_more_seeds(run, tmp_path):
    config, place = load_config([run.config]), run.paths.language(MODEL)
    record(config, run.paths, tmp_path)
    path = place.whole("threshold_times")
    kept = tmp_path / MODEL / "threshold_times.parquet"
    assert choose(config, MODEL, path, tmp_path)[1] == "this run (2 seeds)"
    origin = read_provenance(kept)
    write_table(read_table(kept), kept, {**origin, "seed": [1, 2, 3]})
    assert choose(config, MODEL, path, tmp_path)[1] == "the recorded full run (3 seeds)"
    settings = origin["config"]["language"]["models"][MODEL]
    del settings["network"]["rotary"]  # a setting younger than the recorded run
    settings["posterior"]["draws"] += 300  # the same measure, better
    write_table(read_table(kept), kept, {**origin, "seed": [1, 2, 3]})
    assert choose(config, MODEL, path, tmp_path)[1] == "the recorded full run (3 seeds)"
    settings["posterior"]["gamma"] = 9.0  # another measure
    write_table(read_table(kept), kept, {**origin, "seed": [1, 2, 3]})
    assert choose(config, MODEL, path, tmp_path)[1] == "this run (2 seeds)"
