"""What a changed text, folder or class makes stale, and what a stage does without memory."""

from __future__ import annotations

import json
import logging
import shutil

import pandas as pd
import pytest
import torch

from analysis.estimators.class_gradient import sequence_class_gradients
from models.corpora.natural import load_text
from models.storage.errors import CheckpointError
from stagewise.provenance.recorded import choose
from stagewise.provenance.store import (
    inherited,
    provenance,
    read_provenance,
    read_table,
    write_table,
)
from stagewise.tasks.base import perform
from stagewise.tasks.everything import run_model
from stagewise.tasks.language import memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.texts import is_made
from tests.stagewise.natural import ELSEWHERE, HERE, MODEL, configured, of_another, train_natural


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Corpus, checkpoints and learning curve."""
    return train_natural(tmp_path_factory.mktemp("stale"))


def test_checkpoints_of_another_text_are_refused_and_trained_anew(tmp_path, caplog):
    text = tmp_path / "text"
    shutil.copytree(HERE / "models", text)
    root = train_natural(tmp_path / "results", folder=text)
    config, paths = configured(root, folder=text)
    assert is_made(config, paths, "own")
    LanguageRun(config, paths, MODEL, 0).checkpoint(16)
    for file in (HERE / "figures").glob("*.py"):
        shutil.copy(file, text)
    assert not is_made(config, paths, "own")
    perform("language_corpus", config, paths, corpus="own")
    with pytest.raises(CheckpointError, match="step16 was trained with other tokens of own"):
        LanguageRun(config, paths, MODEL, 0).checkpoint(16)
    with caplog.at_level(logging.WARNING):
        perform("language_train", config, paths, model=MODEL, seed=0)
    assert "training anew" in caplog.text
    assert "other tokens of own" in caplog.text
    LanguageRun(config, paths, MODEL, 0).checkpoint(16)
    digest = load_text(paths.corpus("own")).digest
    assert read_provenance(paths.language(MODEL).part("learning", 0))["text"] == digest


def test_copies_in_another_folder_are_another_model(trained):
    config, paths = of_another(trained)
    perform("language_fetch", config, paths, model=ELSEWHERE, seed=0, step=16)
    config, paths = of_another(trained, f"language.models.{ELSEWHERE}.pretrained.local=/nowhere")
    with pytest.raises(CheckpointError, match="local = '/nowhere' has no copy of step16"):
        perform("language_fetch", config, paths, model=ELSEWHERE, seed=0, step=16)
    with pytest.raises(CheckpointError, match=r"step16 was trained with .*pretrained = "):
        LanguageRun(config, paths, ELSEWHERE, 0).checkpoint(16)


def test_a_renamed_class_is_measured_under_its_new_name(trained):
    config, paths = of_another(trained)
    for step in (0, 4, 8, 16):
        perform("language_fetch", config, paths, model=ELSEWHERE, seed=0, step=step)
    perform("language_influence", config, paths, model=ELSEWHERE, seed=0)
    classes = config.language.corpora["own"].classes
    classes["in_context"] = classes.pop("induction")
    perform("language_influence", config, paths, model=ELSEWHERE, seed=0)
    table = read_table(paths.language(ELSEWHERE).part("influence", 0))
    assert "in_context" in set(table["source_class"])
    assert "induction" not in set(table["source_class"])


def test_the_default_model_on_natural_text_has_no_record(trained, tmp_path):
    config, paths = configured(trained)
    config.language.models["controlled"] = config.language.models[MODEL]
    path = paths.language("controlled").whole("transitions")
    own = read_table(paths.language(MODEL).part("learning", 0))
    write_table(own, path, provenance({}, 0))
    assert choose(config, "controlled", path)[1] == "this run (1 seed)"
    path.unlink()


def test_a_collected_table_names_the_code_and_commits_of_its_parts(tmp_path):
    table = pd.DataFrame({"a": [1]})
    parts = [tmp_path / f"{i}.parquet" for i in range(3)]
    made = provenance({}, 0)
    write_table(table, parts[0], made | {"code": "a", "device": "cpu", "text": "t"})
    write_table(table, parts[1], made | {"code": "b", "device": "cuda", "text": "t"})
    write_table(
        table, parts[2], made | {"code": "b", "code_of_sources": ["c"], "commits": {"s": 1}}
    )
    assert inherited(parts) == {
        "code_of_sources": ["a", "b", "c"], "device": ["cpu", "cuda"], "text": "t",
        "commits": {"s": 1},
    }  # fmt: skip


def scarce(monkeypatch, room: int) -> list[int]:
    """Class gradients and observed losses with memory for so many sequences; what was asked."""
    asked: list[int] = []

    def gradients(loss, tokens, membership):
        asked.append(len(tokens))
        if len(tokens) > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return sequence_class_gradients(loss, tokens, membership)

    monkeypatch.setattr("analysis.estimators.measurement.sequence_class_gradients", gradients)
    return asked


def test_a_stage_without_memory_goes_on_with_fewer_sequences(trained, monkeypatch, caplog):
    config, paths = configured(trained)
    place = paths.language(MODEL)
    perform("language_influence_step", config, paths, model=MODEL, seed=0, step=16)
    folder = place.seed(0) / "influence" / ".kept"
    expected = read_table(folder / "influence16.parquet")
    for piece in folder.glob("*16.parquet"):
        piece.unlink()
    asked = scarce(monkeypatch, 5)
    perform("language_influence_step", config, paths, model=MODEL, seed=0, step=16)
    assert asked == [20, 10, 5, 5, 5, 5]
    found = read_table(folder / "influence16.parquet")
    keys = ["estimator", "pairs", "normalized", "source_class", "target_class"]
    assert found[keys].equals(expected[keys])
    both = found["influence"].notna()
    close = {"rel": 1e-3, "abs": 1e-6 * expected["influence"].abs().max()}
    assert found["influence"][both].to_numpy() == pytest.approx(
        expected["influence"][both].to_numpy(), **close
    )
    assert "set language.models.natural.sequences_at_once = 5" in caplog.text


def test_a_stage_that_cannot_go_on_names_what_to_turn(trained, monkeypatch):
    config, paths = configured(trained)
    scarce(monkeypatch, 0)
    with pytest.raises(MemoryError, match=r"lower language.models.natural.posterior.memory_gib"):
        perform("language_influence_step", config, paths, model=MODEL, seed=0, step=8)
    with (
        pytest.raises(MemoryError, match=r"natural with one sequence at once: .* --device cpu"),
        memory.fits_in_memory(MODEL),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory")
    assert json.loads((paths.corpus("own") / "corpus.json").read_text())["tokens"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_model_of_others_is_estimated_before_it_is_fetched(trained, caplog, monkeypatch):
    config, paths = of_another(trained)

    def unreachable(*_, **__):
        raise CheckpointError("no network")

    monkeypatch.setattr("models.language.hub.find_revision", unreachable)
    shutil.rmtree(paths.language(ELSEWHERE).root, ignore_errors=True)
    with caplog.at_level(logging.INFO), pytest.raises(CheckpointError, match="no network"):
        run_model(config, paths, ELSEWHERE)
    assert f"{ELSEWHERE}: no estimate, someone/tiny is none of Pythia's sizes" in caplog.text
