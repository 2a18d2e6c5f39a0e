"""Train one toy network and keep its checkpoints."""

from __future__ import annotations

from stagewise.provenance.store import provenance
from stagewise.tasks.base import Job, chosen, each_seed, task
from stagewise.tasks.toy.common import NETWORK, checkpoints, training_options


@task(
    wildcards=("seed",),
    jobs=each_seed,
    reads=lambda job: [],
    writes=checkpoints,
    settings=lambda job: chosen(job.config.toy, *NETWORK),
)
def toy_train(job: Job) -> None:
    """Train with the random numbers of the seed and write the checkpoint file."""
    import torch

    from models.toy.checkpoints import ToyRun, save_run
    from models.toy.linear_network import aligned_weights, random_weights
    from models.toy.training import recorded_steps, train

    toy, tree, seed = job.config.toy, job.config.toy.tree, job.seed
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
    save_run(result, job.paths.checkpoints(seed), provenance(job.config.model_dump(), seed))
