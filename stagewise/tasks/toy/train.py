"""Stage: train one toy network and keep its checkpoints."""

from __future__ import annotations

from pathlib import Path

import torch

from models.toy.checkpoints import ToyRun, save_run
from models.toy.linear_network import aligned_weights, random_weights
from models.toy.training import recorded_steps, train
from stagewise.config import Config
from stagewise.provenance.store import provenance
from stagewise.tasks.toy.common import training_options


def run(config: Config, seed: int, output: Path) -> None:
    """Train with the random numbers of `seed` and write the checkpoint file."""
    toy, tree = config.toy, config.toy.tree
    targets = torch.tensor(tree.targets())
    if toy.initialisation == "aligned":
        initial = aligned_weights(targets, toy.hidden_width, toy.init_scale)
    else:
        initial = random_weights(
            len(tree.items), len(tree.features), toy.hidden_width, toy.init_scale, seed
        )
    steps = recorded_steps(toy.steps, toy.checkpoint_every)
    result = ToyRun(
        step=torch.tensor(steps),
        weights=train(initial, targets, steps, **training_options(toy, seed)),
        targets=targets,
        learning_rate=toy.learning_rate,
        items=tree.items,
        features=tree.features,
        seed=seed,
    )
    save_run(result, output, provenance(config.model_dump(), seed))
