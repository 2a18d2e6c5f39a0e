"""The language model's speed against a peer: sampling, then class influence, as ratios."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from analysis.estimators.class_bif import class_influence
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.posterior import sample_posterior
from models.corpora.corpus import Corpus, controlled_corpus
from models.language.model import build_model, on_device, token_losses
from models.language.training import LanguageTrainer
from stagewise.benchmarks.toy import peer_library
from stagewise.config.language import LanguageModelConfig

TRAINED = 100  # steps before the checkpoint that is sampled
SEQUENCES = 256  # evaluation sequences of the influence; sampling is timed on the default's


def language_benchmark(*, threads: int, draws: int, device: str = "cpu") -> str:
    """Sample one local posterior of the default language model, ours and devinterp's, by plain
    SGLD with the same settings, batches, draws and evaluation tokens; then influence between
    classes from traces of more tokens: ours with standard errors, raw and normalised, all pairs and
    across sequences; the peer's token x token matrix averaged to classes.

    Each influence runs in a process of its own, so that its peak memory can be told.

    Returns:
        JSON: sampling_ratio, influence_ratio, the rates and times behind them, the peak memories
        (above what the loaded traces take), and the settings.
    """
    settings = LanguageModelConfig()
    posterior = settings.posterior.model_copy(
        update={"draws": draws, "burn_in": 0, "integrator": "euler"}
    )
    corpus = controlled_corpus(
        settings.grammar,
        context=settings.context,
        training=4096,
        evaluation=SEQUENCES,
        seed=0,
    )
    torch.set_num_threads(threads)
    sizes = {"vocabulary": settings.grammar.vocabulary_size, "context": settings.context}
    model = on_device(build_model(settings.network, **sizes, seed=0), device)
    LanguageTrainer(model, corpus, settings.training).train(TRAINED)
    few = replace(corpus, evaluation=corpus.evaluation.first(settings.evaluation_sequences))

    def ours(length: int, language: Corpus) -> tuple[float, Tensor]:
        loss = LanguageModelLoss(model, language.training.long(), language.evaluation.tokens)
        local = posterior.model_copy(update={"draws": length})
        begin = time.perf_counter()
        found = sample_posterior(
            loss, stacked_parameters(model), local, seed=0, n_samples=len(corpus.training),
            observe=loss.observe, threads=threads, device=device,
        )  # fmt: skip
        return local.chains * length / (time.perf_counter() - begin), found.losses[0]

    ours(5, few)
    our_rate, _ = ours(draws, few)
    _, traces = ours(draws, corpus)
    with tempfile.TemporaryDirectory() as folder:
        _peer_sampling(model, few, posterior, 5, Path(folder) / "start", device)
        peer_rate, _ = _peer_sampling(model, few, posterior, draws, Path(folder) / "few", device)
        _, peer_traces = _peer_sampling(
            model, corpus, posterior, draws, Path(folder) / "peer", device
        )
        shape = corpus.evaluation.membership.shape[:2]
        path, members = Path(folder) / "traces.npy", Path(folder) / "members.npy"
        np.save(path, traces.unflatten(-1, shape).numpy())
        np.save(members, corpus.evaluation.membership.numpy())
        own = apart(_our_influence, path, members, threads)
        peer = apart(_peer_influence, peer_traces, members, threads)
    return json.dumps(
        {
            "sampling_ratio": round(our_rate / peer_rate, 2),
            "influence_ratio": round(peer["seconds"] / own["seconds"], 1),
            "ours_chain_steps_per_second": round(our_rate, 1),
            "peer_chain_steps_per_second": round(peer_rate, 1),
            "ours_influence_seconds": round(own["seconds"], 4),
            "peer_influence_seconds": round(peer["seconds"], 3),
            "ours_influence_peak_mib": round(own["peak_mib"]),
            "peer_influence_peak_mib": round(peer["peak_mib"]),
            "peer_name": "devinterp 2.0.1",
            "threads": threads,
            "device": device,
            "chains": posterior.chains,
            "draws": draws,
            "sampling_tokens": few.evaluation.membership[..., 0].numel(),
            "influence_tokens": int(np.prod(shape)),
            "parameters": sum(p.numel() for p in model.parameters()),
        }
    )


def _peer_sampling(
    model: torch.nn.Module, corpus: Corpus, posterior: Any, draws: int, output: Path, device: str
) -> tuple[float, Path]:
    """devinterp's chain steps per second on the same posterior, and where its traces lie."""
    with peer_library() as (Dataset, sample):
        training, evaluation = (
            Dataset.from_dict({"input_ids": tokens.tolist()}).with_format("torch")
            for tokens in (corpus.training, corpus.evaluation.tokens)
        )
        batches = len(corpus.evaluation.tokens) // posterior.batch_size
        begin = time.perf_counter()
        sample(
            model,
            training,
            {"evaluation": (evaluation, batches)},
            lr=posterior.step_size,
            n_beta=posterior.nbeta,
            localization=posterior.gamma,
            num_chains=posterior.chains,
            num_draws=draws,
            batch_size=posterior.batch_size,
            num_init_loss_batches=1,
            loss_fn=token_losses,
            device=device,
            output_path=output,
        )
        return posterior.chains * draws / (time.perf_counter() - begin), output


def apart(work: Any, *arguments: Any) -> dict[str, float]:
    """Run a function in a fresh process and return what it measured."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(work, arguments)


def peak_mib(*, reset: bool = False) -> float:
    """Highest resident memory of this process so far; `reset` starts counting anew.

    From /proc, because a child's own account on Linux begins with its parent's peak.
    """
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def _our_influence(traces: Path, members: Path, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    losses, membership = torch.tensor(np.load(traces)), torch.tensor(np.load(members))
    class_influence(losses[:, :40, :2], membership[:2])  # start-up is no part of the time
    before, begin = peak_mib(reset=True), time.perf_counter()
    class_influence(losses, membership)
    return {"seconds": time.perf_counter() - begin, "peak_mib": peak_mib() - before}


def _peer_influence(samples: Path, members: Path, threads: int) -> dict[str, float]:
    os.environ["TQDM_DISABLE"] = "1"
    warnings.simplefilter("ignore")
    import xarray as xr
    from devinterp.slt.bif import compute_bif

    torch.set_num_threads(threads)
    membership = np.load(members).astype(np.float32)
    tree = xr.open_datatree(samples, engine="zarr").load()
    before, begin = peak_mib(reset=True), time.perf_counter()
    matrix = compute_bif(tree, device="cpu")["influences"].values  # (batch, batch, token, token)
    sums = np.einsum("ijkl,ika,jlb->ab", matrix, membership, membership, optimize=True)
    counts = membership.sum((0, 1))
    (sums - np.diag(counts)) / (counts[:, None] * counts - np.diag(counts))
    return {"seconds": time.perf_counter() - begin, "peak_mib": peak_mib() - before}
