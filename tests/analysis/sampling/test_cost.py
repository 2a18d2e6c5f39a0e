"""The cost of sampling: operations counted, the fit recovered, sizes of real models."""

from __future__ import annotations

import re
from dataclasses import asdict

import pandas as pd
import pytest
import torch

from analysis.sampling.cost import PYTHIA, CostModel, Work, fit_cost, gpt_neox_parameters
from models.language.model import build_model
from models.language.settings import Network
from models.language.throughput import Speed, flops_per_token, matmul_rate
from stagewise.benchmarks.cost import TABLE, estimate, work
from stagewise.config import load_config
from stagewise.config.corpus import PretrainedConfig
from stagewise.provenance.store import read_table


@pytest.mark.parametrize(("layers", "width", "vocabulary"), [(1, 16, 50), (3, 32, 300)])
def test_parameters_are_those_of_the_model(layers, width, vocabulary):
    network = Network(architecture="gpt_neox", layers=layers, width=width, heads=2)
    model = build_model(network, vocabulary=vocabulary, context=8, seed=0)
    multiplied, stored = gpt_neox_parameters(layers, width, vocabulary)
    assert stored == sum(p.numel() for p in model.parameters())
    assert multiplied == stored - vocabulary * width


def test_pythias_sizes_are_the_published_ones():
    # Biderman et al. 2023, table 1: parameters in all.
    published = {"70m": 70_426_624, "160m": 162_322_944, "410m": 405_334_016, "1b": 1_011_781_632}
    for name, number in published.items():
        layers, width, _, vocabulary = PYTHIA[name]
        assert gpt_neox_parameters(layers, width, vocabulary)[1] == number


@pytest.mark.parametrize(("architecture", "squares"), [("gpt_neox", 12), ("attention_only", 4)])
def test_operations_are_those_of_matrix_products_alone(architecture, squares):
    network = Network(architecture=architecture, layers=2, width=96, heads=2)
    model = build_model(network, vocabulary=64, context=16, seed=0)
    state = torch.get_rng_state()
    # 6 per weight of a matrix; attention's 12 x layers x width x context is 0.03 to 0.07 of it, and
    # a fused kernel that is not counted loses it.
    weights = squares * 2 * 96**2 + 64 * 96
    assert flops_per_token(model, 16) == 6 * weights + 12 * 2 * 96 * 16
    assert torch.equal(torch.get_rng_state(), state)  # no draw, no gradient left in the model
    assert all(p.grad is None for p in model.parameters())


def test_operations_of_a_draw_are_those_torch_counts():
    network = Network(architecture="gpt_neox", layers=2, width=96, heads=2)
    model = build_model(network, vocabulary=64, context=16, seed=0)
    training = flops_per_token(model, 16)
    draw = work(2, 96, 64, 16, batch=4, sequences=6)
    # The formula takes biases and norms for parameters that tokens are multiplied by: 1 %.
    vectors = sum(p.numel() for p in model.parameters() if p.dim() == 1)
    above = 6 * vectors * draw.gradient_tokens + 2 * vectors * draw.observed_tokens
    counted = draw.gradient_tokens * training + draw.observed_tokens * training / 3
    assert draw.flops - above == pytest.approx(counted, rel=1e-12)
    assert above < 0.02 * counted


def test_speed_counts_training_alone(monkeypatch):
    now = iter([0.0, 1.0, 1.0, 9.0, 11.0, 11.0])
    monkeypatch.setattr("models.language.throughput.time.perf_counter", lambda: next(now))
    speed = Speed(flops=10.0, peak=1000.0)
    speed.add(100)  # one second
    speed.skip()  # eight seconds of something else
    speed.add(200)  # two seconds
    found = speed.report()
    assert (found["tokens"], found["seconds"]) == (300, 3.0)
    assert found["tokens_per_second"] == 100.0
    assert found["utilisation"] == 1.0


def test_a_matrix_product_takes_time():
    assert 1e8 < matmul_rate("cpu") < 1e15


def measured(truth: CostModel) -> pd.DataFrame:
    rows = []
    for layers, width, vocabulary, sequences in (
        (2, 64, 500, 4), (2, 128, 500, 8), (4, 256, 2000, 2), (6, 128, 50000, 8), (3, 256, 500, 32),
    ):  # fmt: skip
        done = work(layers, width, vocabulary, 128, 4, sequences)
        rows.append(
            asdict(done)
            | {"rate": 5e10, "seconds": truth.seconds(done, 5e10), "gib": truth.gib(done)}
        )
    return pd.DataFrame(rows)


def test_the_fit_recovers_the_costs_it_was_made_of():
    truth = CostModel(
        a=0.003, b=1.4, s=2e-8, v=1e-9, k=3e6, m=30.0, l=9.0, time_error=0, memory_error=0
    )
    found = fit_cost(measured(truth))
    for name in ("a", "b", "s", "v", "k", "m", "l"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=1e-6), name
    assert max(found.time_error, found.memory_error) < 1e-9


def test_logits_in_flight_are_bounded():
    small, large = (work(2, 64, 50_000, 512, 4, n) for n in (8, 800))
    assert isinstance(small, Work)
    assert large.logits <= 2**28 + 50_000 * 512
    assert large.flops > 10 * small.flops


def test_the_estimate_names_size_draws_and_device():
    config = load_config(["workflow/config/pythia.yaml"])
    hours = []
    for name, model in config.language.models.items():
        said = estimate(name, model, 10, read_table(TABLE), 2e13, "cuda")
        assert said.startswith(f"{name}: 8,800 draws at 40 checkpoints, about ")
        found = re.search(
            r"about ([\d.e+]+) hours on cuda \(.*20 TFLOP per second\), ([\d.]+) GiB for the draws "
            r"of (\d) chain\(s\) at once, ([\d.]+) GiB for class gradients",
            said,
        )
        hours.append(float(found[1]))
    assert hours == sorted(hours)  # from 14m to 410m
    # Two copies of ten gradients of 405 million parameters, in single precision.
    assert float(found[4]) == pytest.approx(2 * 10 * 4 * 405e6 / 2**30, rel=0.02)
    one, two = (
        estimate(name, model.model_copy(update={"threads": n}), 10, read_table(TABLE), 2e13, "cuda")
        for n in (1, 2)
    )
    of_draws = [float(re.search(r"([\d.]+) GiB for the draws", said)[1]) for said in (one, two)]
    assert of_draws[1] == pytest.approx(2 * of_draws[0], rel=0.02)  # two chains at once
    other = PretrainedConfig(repository="someone/gpt-x", steps=[0, 1, 2, 3])
    said = estimate(
        "mine", model.model_copy(update={"pretrained": other}), 10, read_table(TABLE), 1, ""
    )
    assert said == "mine: no estimate, someone/gpt-x is none of Pythia's sizes"
    dotted = other.model_copy(update={"repository": "EleutherAI/pythia-2.8b-deduped"})
    larger = model.model_copy(update={"pretrained": dotted})
    assert "2.8b: 880 draws at 4 checkpoints" in estimate(
        "2.8b", larger, 10, read_table(TABLE), 2e13, "cuda"
    )
