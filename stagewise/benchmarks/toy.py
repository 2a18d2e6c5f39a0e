"""Speed against a peer: the same posterior, in the same process, as a ratio."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.posterior import sample_posterior
from models.toy.linear_network import Weights, random_weights
from models.toy.training import recorded_steps, train
from stagewise.benchmarks.turns import ROUNDS, in_turns, ratios, sentence
from stagewise.config import Config

PEER_CHAINS = 2  # enough to show that they run one after another
PEER_CHECKPOINT = 10  # position of the checkpoint the peer samples, mid-training


class PeerModel(nn.Module):
    """The toy network as the peer wants it: a module, and items as token sequences of two."""

    def __init__(self, weights: Weights, targets: Tensor) -> None:
        super().__init__()
        self.W1 = nn.Parameter(weights.W1.float().clone())
        self.W2 = nn.Parameter(weights.W2.float().clone())
        self.register_buffer("targets", targets.float())

    def forward(self, items: Tensor) -> Tensor:
        """Outputs (features, batch)."""
        return self.W2 @ self.W1[:, items]


def peer_losses(model: nn.Module, tokens: Tensor) -> Tensor:
    """Per-item losses (batch, 1): one "token" per item."""
    items = tokens[:, 0]
    error = model(items) - model.targets[:, items]  # type: ignore[index]
    return 0.5 * error.square().sum(0)[:, None]


def toy_benchmark(*, threads: int, draws: int, peer_draws: int, rounds: int = ROUNDS) -> str:
    """Time SGLD on the default toy's local posteriors, ours and devinterp's, in turns.

    Both keep every item's loss at every draw, with full batches in float32. Ours runs all
    checkpoints with all their chains; the peer runs chains one after another and is given one
    checkpoint. A short run of each comes first, to leave start-up out of both times.

    Args:
        threads: CPU threads of both.
        draws: per chain and round, ours.
        peer_draws: per round, all chains of the peer together.
        rounds: of ours and then the peer.

    Returns:
        a line for people, then JSON: ours and peer in chain steps per second (medians over rounds),
        the ratio (median of those within a round, with the lowest and the highest), the settings.
    """
    config = Config().toy
    targets = torch.tensor(config.tree.targets())
    shape = (len(config.tree.items), len(config.tree.features))
    initial = random_weights(*shape, config.hidden_width, config.init_scale, seed=0)
    steps = recorded_steps(config.steps, config.checkpoint_every)
    weights = train(initial, targets, steps, learning_rate=config.learning_rate)
    posterior = config.posterior

    def ours(anchors: int = len(steps), length: int = draws) -> float:
        local = posterior.model_copy(update={"draws": length, "burn_in": 0})
        begin = time.perf_counter()
        sample_posterior(
            LinearNetworkLoss(targets.float()),
            {"W1": weights.W1[:anchors], "W2": weights.W2[:anchors]},
            local,
            seed=0,
            streams=steps[:anchors],
            threads=threads,
        )
        return anchors * local.chains * local.sgld_steps / (time.perf_counter() - begin)

    at = min(PEER_CHECKPOINT, len(steps) - 1)
    model = PeerModel(Weights(weights.W1[at], weights.W2[at]), targets)
    settings = (posterior.nbeta, posterior.gamma, posterior.step_size)

    def peer(length: int = peer_draws // PEER_CHAINS) -> float:
        return _peer_rate(model, settings, length)

    torch.set_num_threads(threads)
    ours(4, 20)
    peer(20)
    our_rates, peer_rates = in_turns(rounds, ours, peer)
    figures = ratios("ratio", our_rates, peer_rates)
    found = {
        "ours": round(median(our_rates)), "peer": round(median(peer_rates)), **figures,
        "rounds": rounds, "unit": "chain steps per second", "peer_name": "devinterp 2.0.1",
        "threads": threads, "checkpoints": len(steps), "chains": posterior.chains, "draws": draws,
    }  # fmt: skip
    return f"{sentence(figures, 'ratio', rounds)}\n{json.dumps(found)}"


@contextmanager
def peer_library() -> Iterator[tuple[Any, Any]]:
    """The peer's data set class and its sampler, without their chatter.

    Raises:
        RuntimeError: the peer is not installed.
    """
    os.environ["TQDM_DISABLE"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from datasets import Dataset
            from devinterp.slt.sampling import sample
        except ImportError as error:
            raise RuntimeError(
                "the benchmark's peer is not installed: pip install 'stagewise[dev]'"
            ) from error
        logging.getLogger("devinterp").setLevel(logging.ERROR)
        yield Dataset, sample


def _peer_rate(model: nn.Module, settings: tuple[float, float, float], draws: int) -> float:
    """devinterp's chain steps per second on the same loss."""
    with peer_library() as (Dataset, sample):
        nbeta, gamma, step_size = settings
        items = [[k, k] for k in range(model.targets.shape[1])]  # type: ignore[index]
        data = Dataset.from_dict({"input_ids": items}).with_format("torch")
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            sample(
                model,
                data,
                {"items": (data, 1)},
                lr=step_size,
                n_beta=nbeta,
                localization=gamma,
                num_chains=PEER_CHAINS,
                num_draws=draws,
                batch_size=len(items),
                shuffle=False,
                num_init_loss_batches=1,
                loss_fn=peer_losses,
                device="cpu",
                output_path=Path(folder) / "draws.zarr",
            )
            return PEER_CHAINS * draws / (time.perf_counter() - begin)
