"""Measure what sampling costs, from small models to Pythia-14m, and keep it in the repository."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch

from analysis.losses.tokens import SCORE_BYTES, LanguageModelLoss, stacked_parameters
from analysis.sampling.cost import (
    GIB,
    PYTHIA,
    CostModel,
    Work,
    fit_cost,
    gpt_neox_parameters,
    work_of,
)
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.language.model import build_model, on_device
from models.language.settings import Network
from models.language.throughput import matmul_rate
from stagewise.benchmarks.language import apart, peak_mib
from stagewise.config import Config
from stagewise.config.language import LanguageModelConfig
from stagewise.provenance.store import provenance, read_table, write_table
from stagewise.root import ROOT

GRADIENT_COPIES = 2  # of every class's gradient: its sum over sequences, and that of a sequence
TABLE = ROOT / "recorded" / "cost" / "cost.parquet"
CONTEXT, BATCH, SEQUENCES = 128, 4, 8
TIMED = 2.0  # seconds of sampling behind a measurement
# (layers, width, heads, vocabulary, evaluation sequences): sizes, then tokens at one size.
MEASURED = (
    (2, 64, 4, 512, SEQUENCES), (2, 128, 4, 512, SEQUENCES), (3, 256, 8, 2048, SEQUENCES),
    (4, 384, 6, 2048, SEQUENCES), (*PYTHIA["14m"], SEQUENCES),
    (3, 256, 8, 2048, 2), (3, 256, 8, 2048, 32), (*PYTHIA["14m"], 2),
)  # fmt: skip


def run(device: str, threads: int, *, record: bool) -> str:
    """Measure, fit, and extrapolate to the whole Pythia suite on this device; JSON. With `record`
    the table is kept in the repository."""
    table = pd.DataFrame([apart(measure, *sizes, device, threads) for sizes in MEASURED])
    model, rate = fit_cost(table), float(table["rate"].median())
    works = [work_of(row) for row in table.to_dict("records")]
    table["fitted"] = [model.seconds(w, r) for w, r in zip(works, table["rate"], strict=True)]
    suite = suite_table(model, rate)
    if record:
        made = provenance({"device": device, "threads": threads}, 0)
        write_table(table, TABLE, made)
        write_table(suite, TABLE.with_name("cost_suite.parquet"), made)
    return json.dumps(
        {
            "device": device, "threads": threads, "device_gflops": round(rate / 1e9, 1),
            "share_of_matrix_products": round(1 / model.b, 3) if model.b else None,
            "largest_relative_error": {
                "seconds": round(model.time_error, 3), "gib": round(model.memory_error, 3),
            },
            "measured_seconds_per_draw": table["seconds"].round(4).tolist(),
            "pythia_seconds_per_draw": suite.set_index("size_name")["seconds"].round(3).to_dict(),
        }
    )  # fmt: skip


def suite_table(model: CostModel, rate: float) -> pd.DataFrame:
    """The Pythia suite by the fitted model: size_name, stored, seconds (per draw of one chain),
    gib."""
    works = {name: pythia_work(name) for name in PYTHIA}
    rows = [(n, w.stored, model.seconds(w, rate), model.gib(w)) for n, w in works.items()]
    return pd.DataFrame(rows, columns=["size_name", "stored", "seconds", "gib"])


def pythia_work(name: str, *, batch: int = BATCH, sequences: int = SEQUENCES) -> Work:
    """A draw of a model of the Pythia suite, as measured here."""
    layers, width, _, vocabulary = PYTHIA[name]
    return work(layers, width, vocabulary, CONTEXT, batch, sequences)


def work(
    layers: int, width: int, vocabulary: int, context: int, batch: int, sequences: int
) -> Work:
    """A draw of one chain of a GPT-NeoX model."""
    multiplied, stored = gpt_neox_parameters(layers, width, vocabulary)
    at_once = max(1, SCORE_BYTES // (4 * context * vocabulary))
    return Work(
        multiplied=multiplied, stored=stored, layers=layers, width=width, context=context,
        vocabulary=vocabulary, gradient_tokens=batch * context,
        observed_tokens=sequences * context,
        logit_tokens=max(batch, min(sequences, at_once)) * context,
    )  # fmt: skip


def measure(
    layers: int, width: int, heads: int, vocabulary: int, sequences: int, device: str, threads: int
) -> dict[str, Any]:
    """Seconds per draw and peak memory of sampling a model with random weights; a row."""
    torch.set_num_threads(threads)
    network = Network(architecture="gpt_neox", layers=layers, width=width, heads=heads)
    model = on_device(
        build_model(network, vocabulary=vocabulary, context=CONTEXT, seed=0), device
    ).requires_grad_(False)
    tokens = torch.randint(
        vocabulary, (64, CONTEXT + 1), generator=torch.Generator().manual_seed(0)
    )
    loss = LanguageModelLoss(model.eval(), tokens, tokens[:sequences])
    posterior = PosteriorConfig(
        nbeta=100.0, gamma=1e6, step_size=1e-6, chains=1, draws=2, burn_in=0,
        batch_size=BATCH, integrator="exponential",
    )  # fmt: skip

    def sample(draws: int) -> float:
        begin = time.perf_counter()
        sample_posterior(
            loss, stacked_parameters(model), posterior.model_copy(update={"draws": draws}),
            seed=0, n_samples=len(tokens), observe=loss.observe, threads=1, device=device,
        )  # fmt: skip
        return time.perf_counter() - begin

    before = _memory(device, reset=True)
    sample(2)
    gib = _memory(device) - before
    # Differences of lengths: what is done once, before the first draw, is no part of a draw. The
    # shortest of several: other work on the machine only ever adds.
    rough = max((sample(4) - sample(2)) / 2, 1e-3)
    more = min(max(math.ceil(TIMED / rough), 3), 100)
    seconds = (min(sample(2 + more) for _ in range(3)) - min(sample(2) for _ in range(3))) / more
    done = work(layers, width, vocabulary, CONTEXT, BATCH, sequences)
    stored = sum(p.numel() for p in model.parameters())
    assert done.stored == stored, (done.stored, stored)
    return asdict(done) | {
        "heads": heads, "seconds": seconds, "gib": max(gib, 1e-3), "rate": matmul_rate(device),
        "device": device, "threads": threads,
    }  # fmt: skip


def _memory(device: str, *, reset: bool = False) -> float:
    """Peak memory so far, GiB."""
    if not device.startswith("cuda"):
        return peak_mib(reset=reset) / 1024
    if reset:
        torch.cuda.reset_peak_memory_stats()
    return torch.cuda.max_memory_allocated() / 2**30


def estimates(config: Config, device: str, only: Iterable[str] | None = None) -> list[str]:
    """What sampling the models that others trained (or `only` these of them) will take on this
    device, line by line.

    On a CPU from the recorded measurements and the rate of a matrix product here; on a GPU, where
    noise, updates and launches are another share of the time, from measurements there and then.
    """
    models = {
        name: model
        for name, model in config.language.models.items()
        if model.pretrained is not None and (only is None or name in only)
    }
    if not models:
        return []
    if device.startswith("cuda"):
        table, source = pd.DataFrame([measure(*s, device, 1) for s in MEASURED]), "measured here"
        rate = float(table["rate"].median())
    else:
        table, rate, source = read_table(TABLE), matmul_rate(device), "the recorded measurements"
    return [
        estimate(
            name, model, len(config.language.classes(name)), table, rate, f"{device}, {source}"
        )
        for name, model in models.items()
    ]


def estimate(
    name: str,
    model: LanguageModelConfig,
    classes: int,
    table: pd.DataFrame,
    rate: float,
    where: str,
) -> str:
    """A sentence on what sampling a model of the Pythia suite, and the gradients of so many token
    classes before, will take on a device whose matrix products do `rate` operations per second."""
    assert model.pretrained is not None
    size = model.pretrained.repository.removesuffix("-deduped").rpartition("-")[2]
    if size not in PYTHIA:
        return f"{name}: no estimate, {model.pretrained.repository} is none of Pythia's sizes"
    layers, width, _, vocabulary = PYTHIA[size]
    posterior, fitted = model.posterior, fit_cost(table)
    draw = work(
        layers, width, vocabulary, model.context, posterior.batch_size or 1,
        model.evaluation_sequences,
    )  # fmt: skip
    draws = len(model.measured) * posterior.chains * posterior.sgld_steps
    together = min(posterior.chains, model.threads)
    gradients = GRADIENT_COPIES * 4 * classes * draw.stored / GIB
    hours = draws * fitted.seconds(draw, rate) / 3600
    return (
        f"{name}: {draws:,} draws at {len(model.measured)} checkpoints, about {hours:.2g} hours "
        f"on {where} (a matrix product: {rate / 1e12:.2g} TFLOP per second), "
        f"{together * fitted.gib(draw):.1f} GiB for the draws of {together} chain(s) at once, "
        f"{gradients:.1f} GiB for class gradients before them; extrapolated from models up to "
        f"Pythia-14m, which the fit meets within {math.ceil(100 * fitted.time_error)} %"
    )
