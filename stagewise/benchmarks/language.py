"""The language model's speed against a peer: sampling, then class influence, as ratios."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from analysis.estimators.class_bif import class_influence
from stagewise.benchmarks.effective import REPEATS, effective
from stagewise.benchmarks.local import Local
from stagewise.benchmarks.turns import ROUNDS, in_turns, ratios, sentence
from stagewise.config.language import LanguageModelConfig

SEQUENCES = 128  # evaluation sequences of the influence; sampling is timed on the default's
Found = dict[str, Any]


def language_benchmark(
    *, threads: int, draws: int, device: str = "cpu", rounds: int = ROUNDS
) -> str:
    """Ours and devinterp's on one local posterior of the default language model, in turns.

    First sampling, by plain SGLD with the same settings, batches, draws and evaluation tokens; then
    influence between classes from traces of more tokens: ours with standard errors, raw and
    normalised, all pairs and across sequences; the peer's token x token matrix averaged to classes;
    then effective draws per second, each at the setting it needs for the same bias (see
    `stagewise.benchmarks.effective`).

    Each influence runs in a process of its own, so that its peak memory can be told.

    Args:
        threads: CPU threads of both.
        draws: per chain and round, both.
        device: of the sampling.
        rounds: of ours and then the peer.

    Returns:
        a line for people per ratio, then JSON: sampling_ratio, influence_ratio and effective_ratio
        (medians of the ratios within rounds, each with the lowest and the highest), medians of the
        rates, times and peak memories (above what the loaded traces take) behind them, and the
        settings.
    """
    settings = LanguageModelConfig()
    whole = Local.trained(settings, SEQUENCES, device=device, threads=threads)
    default = whole.first(settings.evaluation_sequences)
    whole = whole.with_settings(draws=draws, burn_in=0, integrator="euler")
    few = whole.first(settings.evaluation_sequences)
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            **_sampling(few, rounds, Path(folder)),
            **_influence(whole, rounds, Path(folder)),
            **effective(default, Path(folder)),
        }
    lines = [
        sentence(figures, f"{name}_ratio", turns)
        for name, turns in (("sampling", rounds), ("influence", rounds), ("effective", REPEATS))
    ]
    posterior, membership = few.posterior, whole.corpus.evaluation.membership
    found = {
        **figures, "rounds": rounds, "peer_name": "devinterp 2.0.1", "threads": threads,
        "device": device, "chains": posterior.chains, "draws": draws,
        "sampling_tokens": few.corpus.evaluation.membership[..., 0].numel(),
        "influence_tokens": membership[..., 0].numel(),
        "parameters": sum(p.numel() for p in few.model.parameters()),
    }  # fmt: skip
    return "\n".join([*lines, json.dumps(found)])


def _sampling(local: Local, rounds: int, folder: Path) -> Found:
    """Chain steps per second; a short run of each comes first, to leave start-up out."""
    steps = local.posterior.chains * local.posterior.draws
    names = (folder / f"round{k}" for k in range(rounds))
    local.with_settings(draws=5).ours()
    local.with_settings(draws=5).peer(folder / "start")
    ours, peer = in_turns(
        rounds, lambda: steps / local.ours()[0], lambda: steps / local.peer(next(names))
    )
    return {
        **ratios("sampling_ratio", ours, peer, 2),
        "ours_chain_steps_per_second": round(median(ours), 1),
        "peer_chain_steps_per_second": round(median(peer), 1),
    }


def _influence(local: Local, rounds: int, folder: Path) -> Found:
    """Seconds and peak memory of class influence, from traces that each sampled itself."""
    membership = local.corpus.evaluation.membership
    traces, members, sampled = (folder / name for name in ("traces.npy", "members.npy", "peer"))
    np.save(traces, local.ours()[1].losses[0].unflatten(-1, membership.shape[:2]).numpy())
    np.save(members, membership.numpy())
    local.peer(sampled)

    def run(work: Callable[..., dict[str, float]], path: Path) -> dict[str, float]:
        return apart(work, path, members, local.threads)

    ours, peer = in_turns(
        rounds, lambda: run(_our_influence, traces), lambda: run(_peer_influence, sampled)
    )
    our_seconds, peer_seconds = ([each["seconds"] for each in found] for found in (ours, peer))
    return {
        **ratios("influence_ratio", peer_seconds, our_seconds),
        "ours_influence_seconds": round(median(our_seconds), 4),
        "peer_influence_seconds": round(median(peer_seconds), 3),
        "ours_influence_peak_mib": round(median(each["peak_mib"] for each in ours)),
        "peer_influence_peak_mib": round(median(each["peak_mib"] for each in peer)),
    }


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
