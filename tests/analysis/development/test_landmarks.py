"""Landmarks of models whose development is known, stage boundaries of made-up curves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from analysis.development.landmarks import (
    KIND,
    baselines,
    grouped_counts,
    grouped_losses,
    head_scores,
    landmarks,
    outcomes,
    repeat_gain,
)
from analysis.development.transitions import boundaries, formation, transitions
from analysis.interventions.forecast import stage_of
from models.corpora.corpus import Corpus, controlled_corpus
from models.corpora.grammar import Grammar
from models.language.architectures.base import architecture_of
from models.language.model import build_model, token_losses
from models.language.settings import Network


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return controlled_corpus(Grammar(), context=32, training=4, evaluation=48, seed=0)


class Bigram(nn.Module):
    """A model that knows the frequencies of pairs and nothing else."""

    def __init__(self, corpus: Corpus) -> None:
        super().__init__()
        self.table = corpus.frequencies.bigram_rows(torch.arange(64)).log()
        self.config = SimpleNamespace(vocab_size=64)

    def forward(self, input_ids, **_):
        return type("Out", (), {"logits": self.table[input_ids]})()


def test_a_bigram_model_has_no_distance_to_the_bigram(corpus, monkeypatch):
    monkeypatch.setattr("analysis.development.landmarks.head_scores", lambda *_: {})
    monkeypatch.setattr("analysis.development.landmarks.repeat_gain", lambda *_: 0.0)
    found = landmarks(Bigram(corpus), corpus, corpus.evaluation)
    held = baselines(corpus, corpus.evaluation)
    assert found["kl_bigram"] == pytest.approx(0, abs=1e-9)
    assert found["kl_unigram"] > 0.3
    for index, name in enumerate(corpus.evaluation.class_names):
        assert found[f"loss_{name}"] == pytest.approx(held["bigram"][index].item(), abs=1e-5)
        assert held["floor"][index] <= held["bigram"][index] + 0.1
    assert 0.3 < found["delimiter_matching"] < 0.7  # two kinds, and pairs hardly tell


def test_learning_curves_add_up_to_the_mean_losses(corpus):
    model = build_model(Network(width=16), vocabulary=64, context=32, seed=0)
    evaluation = corpus.evaluation
    sums, counts = (
        grouped_losses(model, corpus, evaluation), grouped_counts(corpus, evaluation),
    )  # fmt: skip
    names = outcomes(corpus, evaluation)
    assert names[-1] == KIND
    with torch.no_grad():
        losses = token_losses(model, evaluation.tokens)
        scores = model(input_ids=evaluation.tokens[:, :-1]).logits
    for index, name in enumerate(evaluation.class_names):
        expected = losses[evaluation.membership[..., index]]
        assert counts[:, index].sum() == len(expected), name
        assert sums[:, index].sum().item() == pytest.approx(expected.sum().item(), rel=1e-5)
    right = torch.tensor(corpus.right_delimiters)
    there = torch.isin(evaluation.tokens[:, 1:], right)
    kinds = torch.searchsorted(right, evaluation.tokens[:, 1:][there])
    expected = nn.functional.cross_entropy(scores[there][:, right], kinds, reduction="sum")
    assert sums[:, -1].sum().item() == pytest.approx(expected.item(), rel=1e-4)


def test_head_scores_see_a_head_that_looks_back(monkeypatch):
    # A made-up pattern: one head on the token before, one on the successor of the last occurrence.
    model = build_model(Network(width=16), vocabulary=64, context=32, seed=0)
    half = 16
    pattern = torch.zeros(8, 2, 2 * half, 2 * half)
    for t in range(1, 2 * half):
        pattern[:, 0, t, t - 1] = 1
        pattern[:, 1, t, max(t - half + 1, 0)] = 1
    monkeypatch.setattr(
        "analysis.development.landmarks.architecture_of",
        lambda _: SimpleNamespace(attention_patterns=lambda *_: [pattern]),
    )
    found = head_scores(model, ())
    assert found == {
        "prefix_matching_0.0": 0.0, "previous_token_0.0": 1.0,
        "prefix_matching_0.1": 1.0, "previous_token_0.1": 0.0,
    }  # fmt: skip


class Copier(nn.Module):
    """A model that, from a token's second occurrence on, expects what came after the first."""

    def __init__(self, vocabulary: int, context: int) -> None:
        super().__init__()
        self.config = type("Sizes", (), {
            "vocab_size": vocabulary, "max_position_embeddings": context
        })()  # fmt: skip
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, input_ids, **_):
        rows, time = input_ids.shape
        scores = torch.zeros(rows, time, self.config.vocab_size)
        for row, ids in enumerate(input_ids.tolist()):
            for t, token in enumerate(ids):
                if token in ids[:t]:
                    scores[row, t, ids[ids.index(token) + 1]] = 50.0
        return type("Out", (), {"logits": scores})()


def test_a_copier_gains_all_there_is_on_the_second_copy():
    # Uniform on the first copy, certain on the second: minus log of the vocabulary.
    assert repeat_gain(Copier(64, 32), ()) == pytest.approx(-np.log(64), abs=1e-4)
    model = build_model(Network(width=16), vocabulary=64, context=32, seed=0)
    assert abs(repeat_gain(model, ())) < 0.2  # nothing learnt, nothing gained


@pytest.mark.parametrize("architecture", ["attention_only", "gpt_neox"])
def test_patterns_of_both_architectures_are_causal_averages(architecture):
    network = Network(architecture=architecture, width=16, layers=2)
    model = build_model(network, vocabulary=64, context=32, seed=0).eval()
    before = model.config._attn_implementation
    patterns = architecture_of(model).attention_patterns(model, torch.randint(64, (3, 20)))
    assert [p.shape for p in patterns] == [(3, 2, 20, 20)] * 2
    assert all(torch.allclose(p.sum(-1), torch.ones(3, 2, 20), atol=1e-5) for p in patterns)
    assert all(p.triu(1).abs().max() == 0 for p in patterns)
    assert model.config._attn_implementation == before


def made_up(middle: float, top: float, floor: float, noise: float = 0.0) -> pd.DataFrame:
    """A learning curve that falls from top to floor along a logistic around `middle`."""
    rng, rows = np.random.default_rng(0), []
    for step in range(0, 401, 10):
        loss = floor + (top - floor) / (1 + np.exp((step - middle) / 20))
        for group in range(16):
            value = 50 * (loss + noise * rng.standard_normal())
            rows.append({"step": step, "group": group, "class": "induction", "loss": value,
                         "tokens": 50})  # fmt: skip
    return pd.DataFrame(rows)


def held(unigram: float, bigram: float, floor: float) -> pd.DataFrame:
    names = {"unigram": unigram, "bigram": bigram, "floor": floor}
    return pd.DataFrame(
        {"class": "induction", "name": list(names), "loss": [float(v) for v in names.values()]}
    )


MARKS = pd.DataFrame({"step": [0, 50, 100], "name": "kl_unigram", "value": [0.5, 0.1, 0.3]})


def test_transitions_are_where_the_curve_crosses():
    table = transitions(made_up(200, 3.0, 0.0, 0.02), held(4.0, 3.0, 0.0), MARKS, 0)
    row = table.set_index("stage").loc["induction"]
    assert row["reference"] == "bigram"
    assert row["middle"] == pytest.approx(200, abs=2)
    assert row["start"] == pytest.approx(200 - 20 * np.log(3), abs=3)
    assert row["end"] == pytest.approx(200 + 20 * np.log(3), abs=3)
    for time in ("start", "middle", "end"):
        assert row[f"{time}_low"] <= row[time] <= row[f"{time}_high"]
        assert row[f"{time}_high"] - row[f"{time}_low"] >= 10  # never finer than the curve
    unigram = table.set_index("stage").loc["unigram"]
    assert unigram[["start_low", "middle", "end_high"]].tolist() == [0, 50, 100]


def test_what_context_hardly_helps_is_held_against_the_unigram_or_left_out():
    near = transitions(made_up(100, 4.0, 2.0), held(4.0, 2.1, 2.0), MARKS, 0)
    assert near.set_index("stage").loc["induction", "reference"] == "unigram"
    nothing = transitions(made_up(100, 2.1, 2.0), held(2.1, 2.1, 2.0), MARKS, 0)
    assert "induction" not in set(nothing["stage"])


def test_what_is_not_reached_has_no_time():
    table = transitions(made_up(380, 3.0, 0.0), held(4.0, 3.0, 0.0), MARKS, 0)
    row = table.set_index("stage").loc["induction"]
    assert np.isfinite(row["middle"])
    assert np.isnan(row["end"])
    assert list(boundaries(table).index) == ["unigram", "induction start"]


def test_induction_forms_where_repeats_begin_to_gain():
    gains = pd.DataFrame(
        {"step": [0, 100, 200, 300, 400], "name": "repeat_gain",
         "value": [0.05, 0.0, -0.2, -0.6, -0.8]}
    )  # fmt: skip
    marks, curve = pd.concat([MARKS, gains]), made_up(200, 3.0, 0.0)
    no_floor = held(4.0, 3.0, 0.0)
    no_floor = no_floor[no_floor["name"] != "floor"]
    row = formation(transitions(curve, no_floor, marks, 0)).iloc[0]
    assert row["stage"] == "repetition"
    assert row[["start", "middle", "end"]].tolist() == pytest.approx([200, 250, 300])
    assert row[["middle_low", "middle_high"]].tolist() == [200, 300]
    known = transitions(curve, held(4.0, 3.0, 0.0), marks, 0)
    assert formation(known)["stage"].tolist() == ["induction"]  # its floor is known: its loss tells
    weak = pd.concat([MARKS, gains.assign(value=gains["value"] / 4)])  # gains 0.2 nats, not 0.3
    never = formation(transitions(curve, no_floor, weak, 0))
    assert never["stage"].tolist() == ["repetition"]  # not when its class's loss fell
    assert never[["start", "middle", "end"]].isna().all(axis=None)
    assert stage_of(transitions(curve, no_floor, weak, 0), 400).startswith(("before", "between"))
