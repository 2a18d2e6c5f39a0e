"""Speed of sampling any module: chains as one batch, one after another, and the peer's."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from analysis.losses.module import ModuleLoss, cross_entropy
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.language.model import build_model, token_losses
from models.language.settings import Network
from stagewise.benchmarks.toy import peer_library
from stagewise.benchmarks.turns import ROUNDS, in_turns, ratios, sentence

CHAINS, BATCH, OBSERVED = 16, 64, 64
PEER_CHAINS, PEER_LONGER = (
    2,
    5,
)  # one after another; as much longer, so that its start counts little


@dataclass(frozen=True)
class Subject:
    """A module to be sampled.

    Attributes:
        model: in evaluation mode.
        inputs: (samples, ...).
        targets: (samples, ...).
        draws: per chain and round.
        batch: samples per gradient.
        observed: samples whose losses are kept at every draw.
    """

    model: nn.Module
    inputs: Tensor
    targets: Tensor
    draws: int
    batch: int = BATCH
    observed: int = OBSERVED

    @property
    def posterior(self) -> PosteriorConfig:
        """A local posterior that keeps chains where they are."""
        return PosteriorConfig(
            nbeta=1000.0, gamma=1e5, step_size=1e-6, chains=CHAINS, draws=self.draws, burn_in=0,
            batch_size=self.batch,
        )  # fmt: skip


def subjects(scale: float) -> dict[str, Subject]:
    """The digits MLP, a convolutional network on digits, and a GPT-NeoX model of half a million
    parameters on random tokens.

    Args:
        scale: of the number of draws, 1: some seconds per round.

    Returns:
        by name.
    """
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.tensor(digits.images / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    mlp = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    convolutional = nn.Sequential(
        nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip
    network = Network(architecture="gpt_neox", width=128, layers=2, heads=4, rotary=1.0)
    language = build_model(network, vocabulary=512, context=64, seed=0)
    tokens = torch.randint(0, 512, (64, 65))
    few = max(2, round(6 * scale))
    return {
        "mlp": Subject(mlp.eval(), images, labels, max(10, round(200 * scale))),
        "convolutional": Subject(convolutional.eval(), images, labels, max(4, round(30 * scale))),
        "gpt_neox": Subject(language.eval(), tokens[:, :-1], tokens[:, 1:], few, 4, 4),
    }


def ours(subject: Subject, *, together: bool, threads: int) -> float:
    """Chain steps per second of this sampler.

    Args:
        subject: what is sampled.
        together: all chains as the door runs them; else one after another, with plain gradients.
        threads: CPU threads.

    Returns:
        chain steps per second.
    """
    kept = subject.inputs[: subject.observed], subject.targets[: subject.observed]
    loss = ModuleLoss(subject.model, subject.inputs, subject.targets, cross_entropy, observed=kept)
    stacks = {name: p.detach()[None] for name, p in subject.model.named_parameters()}
    if together:
        loss.choose({name: a.expand(2, *a.shape[1:]) for name, a in stacks.items()})
    else:
        loss.batched = False
    begin = time.perf_counter()
    sample_posterior(
        loss, stacks, subject.posterior, seed=0, n_samples=len(subject.targets),
        observe=loss.observe, threads=threads, chunk_chains=None if together else 1,
    )  # fmt: skip
    return CHAINS * subject.posterior.sgld_steps / (time.perf_counter() - begin)


class Indexed(nn.Module):
    """A module as the peer wants it: samples are token sequences of two that name their row."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.inner = subject.model
        self.register_buffer("inputs", subject.inputs)
        self.register_buffer("targets", subject.targets)

    def forward(self, rows: Tensor) -> Any:
        """What the module says of these samples."""
        return self.inner(self.inputs[rows])  # type: ignore[index]


def indexed_losses(model: Indexed, tokens: Tensor) -> Tensor:
    """The peer's loss function of samples with one loss: (samples, 1)."""
    rows = tokens[:, 0]
    return cross_entropy(model(rows), model.targets[rows])[:, None]  # type: ignore[index]


def as_the_peer_wants(subject: Subject) -> tuple[nn.Module, list[list[int]], Any]:
    """Module, token sequences and loss function for devinterp; language models are at home there.

    Args:
        subject: what is sampled.

    Returns:
        what its `sample` takes.
    """
    if subject.targets.ndim == 1:
        rows = [[i, i] for i in range(len(subject.targets))]
        return Indexed(subject), rows, indexed_losses
    return (
        subject.model,
        torch.cat([subject.inputs, subject.targets[:, -1:]], 1).tolist(),
        (token_losses),
    )


def peer(subject: Subject, folder: Path) -> float:
    """Chain steps per second of devinterp's plain SGLD, same batches and observed samples. It is
    run twice, and the shorter run taken from the longer: its start-up is no part of the rate.

    Args:
        subject: what is sampled.
        folder: for what it writes.

    Returns:
        chain steps per second.
    """
    short, long = max(2, subject.draws // 5), 2 * subject.draws
    begun = [_peer_seconds(subject, folder / str(draws), draws) for draws in (short, long)]
    return PEER_CHAINS * (long - short) / (begun[1] - begun[0])


def _peer_seconds(subject: Subject, folder: Path, draws: int) -> float:
    """Seconds of one call of devinterp's sampler."""
    posterior = subject.posterior
    model, rows, losses = as_the_peer_wants(subject)
    with peer_library() as (Dataset, sample):
        every, kept = (
            Dataset.from_dict({"input_ids": chosen}).with_format("torch")
            for chosen in (rows, rows[: subject.observed])
        )
        begin = time.perf_counter()
        sample(
            model, every, {"observed": (kept, max(1, subject.observed // subject.batch))},
            lr=posterior.step_size, n_beta=posterior.nbeta, localization=posterior.gamma,
            num_chains=PEER_CHAINS, num_draws=draws, num_burnin_steps=0,
            num_steps_bw_draws=1, batch_size=subject.batch, num_init_loss_batches=1, init_seed=0,
            loss_fn=losses, device="cpu", output_path=folder,
        )  # fmt: skip
        return time.perf_counter() - begin


def module_benchmark(*, threads: int, scale: float = 1.0, rounds: int = ROUNDS) -> str:
    """Sixteen chains of three modules, three ways in turns: as the door runs them, one after
    another with the same gradients, and devinterp's.

    Args:
        threads: CPU threads of all.
        scale: of the number of draws.
        rounds: of all three.

    Returns:
        a line for people per ratio, then JSON: for each module the rates in chain steps per second
        (medians over rounds), batch_ratio and peer_ratio (medians of those within a round, with the
        lowest and the highest).
    """
    torch.set_num_threads(threads)
    figures: dict[str, Any] = {}
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, subject in subjects(scale).items():
            places = (Path(folder) / f"{name}{k}" for k in range(rounds + 1))
            ways: list[Callable[[], float]] = [
                lambda s=subject: ours(s, together=True, threads=threads),  # type: ignore[misc]
                lambda s=subject: ours(s, together=False, threads=threads),  # type: ignore[misc]
                lambda s=subject, p=places: peer(s, next(p)),  # type: ignore[misc]
            ]
            for way in ways:  # start-up is no part of the times
                way()
            together, apart, peers = in_turns(rounds, *ways)
            found = {
                **ratios(f"{name}_batch_ratio", together, apart, 2),
                **ratios(f"{name}_peer_ratio", together, peers, 2),
            }
            lines += [sentence(found, f"{name}_{of}_ratio", rounds) for of in ("batch", "peer")]
            rates = {"together": together, "one_after_another": apart, "peer": peers}
            figures |= found | {f"{name}_{k}": round(median(v), 1) for k, v in rates.items()}
    figures |= {
        "unit": "chain steps per second", "rounds": rounds, "threads": threads, "chains": CHAINS,
        "peer_name": "devinterp 2.0.1",
    }  # fmt: skip
    return "\n".join([*lines, json.dumps(figures)])
