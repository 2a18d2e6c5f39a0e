"""Stage: train one language model, keep its checkpoints and its learning curve.

A killed run goes on from its last checkpoint, with the same result to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from analysis.development.landmarks import grouped_counts, grouped_losses, outcomes
from models.language.checkpoints import (
    load_model,
    load_origin,
    load_state,
    save_checkpoint,
    step_folder,
)
from models.language.model import build_model, on_device
from models.language.throughput import Speed, flops_per_token, matmul_rate
from models.language.training import LanguageTrainer
from models.storage.errors import CheckpointError
from stagewise.config import Config
from stagewise.config.language import LanguageModelConfig
from stagewise.paths import Paths
from stagewise.provenance.code import source_files
from stagewise.provenance.store import write_json, write_table
from stagewise.root import ROOT
from stagewise.tasks.language.common import (
    is_from,
    load_checked,
    load_corpus,
    measured_origin,
)
from stagewise.tasks.language.memory import fits_in_memory

logger = logging.getLogger(__name__)


def run(
    config: Config,
    paths: Paths,
    model: str,
    seed: int,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write the checkpoints of one run, its learning curve, and how fast it was.

    learning: step, group (of evaluation sequences), class (and other outcomes), loss (summed over
    the group's tokens, nats), tokens, seed; every `curve_every` steps. speed.json: see
    `models.language.throughput`.
    """
    settings, place = config.language.models[model], paths.language(model)
    run_, training = place.seed(seed), settings.training
    corpus = load_corpus(config, paths, model, seed)
    evaluation = corpus.evaluation.first(settings.landmark_sequences)
    sizes = {"vocabulary": corpus.vocabulary, "context": settings.context}
    trainer = LanguageTrainer(
        on_device(build_model(settings.network, **sizes, seed=seed), device), corpus, training
    )
    key = _key(config, model)
    made = measured_origin(config, paths, model, seed, device) | {"key": key}
    curve, done = _resume(trainer, config, paths, model, seed, key)
    if progress is not None:
        progress(trainer.step)
    speed = _speed(trainer, settings)
    marks = {*range(0, training.steps + 1, training.curve_every), *training.checkpoints}
    for step in sorted(mark for mark in marks if mark > done):
        before = trainer.step
        speed.skip()
        with fits_in_memory(model):
            trainer.train(step, progress=progress)
        speed.add((step - before) * settings.tokens_per_step)
        if step % training.curve_every == 0 or step == training.steps:
            curve[step] = grouped_losses(trainer.model, corpus, evaluation)
        if step in training.checkpoints:
            state = trainer.state() | {
                "curve.steps": torch.tensor(list(curve)),
                "curve.losses": torch.stack([*curve.values()]),
            }
            save_checkpoint(step_folder(run_, step), trainer.model, corpus.tokenizer, state, made)
            logger.info(_told(step, speed))
    table = _curve_table(curve, grouped_counts(corpus, evaluation), outcomes(corpus, evaluation))
    write_table(table.assign(seed=seed), place.part("learning", seed), made)
    if speed.tokens:
        write_json(speed.report() | {"device": device}, run_ / "speed.json")
    if seed == config.seed:
        _link_checkpoints(place.root, run_)


def evaluate(
    config: Config,
    paths: Paths,
    model: str,
    seed: int,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write `learning`, as `run` does, from the checkpoints of a model that others trained."""
    settings, place = config.language.models[model], paths.language(model)
    corpus = load_corpus(config, paths, model, seed, training=1)
    evaluation, curve = corpus.evaluation.first(settings.landmark_sequences), {}
    for step in settings.checkpoints:
        anchor = load_checked(config, paths, model, seed, step, device)
        with fits_in_memory(model):
            curve[step] = grouped_losses(anchor, corpus, evaluation)
        if progress is not None:
            progress(1)
    table = _curve_table(curve, grouped_counts(corpus, evaluation), outcomes(corpus, evaluation))
    made = measured_origin(config, paths, model, seed, device)
    write_table(table.assign(seed=seed), place.part("learning", seed), made)
    _link_checkpoints(place.root, place.seed(seed))


def _speed(trainer: LanguageTrainer, settings: LanguageModelConfig) -> Speed:
    """A stop-watch for this model on its device."""
    half = settings.training.precision == "bfloat16" and trainer.device.type == "cuda"
    dtype = torch.bfloat16 if half else torch.float32
    return Speed(
        flops_per_token(trainer.model, settings.context),
        matmul_rate(str(trainer.device), dtype),
    )


def _told(step: int, speed: Speed) -> str:
    """A line on the progress at a checkpoint."""
    now = speed.report()
    return (
        f"step {step}: {now['tokens_per_second']:,.0f} tokens per second, "
        f"{now['utilisation']:.0%} of the device's matrix products"
    )


def _resume(
    trainer: LanguageTrainer, config: Config, paths: Paths, model: str, seed: int, key: str
) -> tuple[dict[int, torch.Tensor], int]:
    """Put the trainer at the last usable checkpoint: the curve so far, and the step (-1: none).
    Checkpoints of other settings, other code or another curve are thrown away."""
    settings, run_ = config.language.models[model], paths.language(model).seed(seed)
    found = [s for s in settings.training.checkpoints if step_folder(run_, s).is_dir()]
    for folder in (step_folder(run_, step) for step in found):
        difference = is_from(folder, config, paths, model, seed)
        if not difference and load_origin(folder).get("key") != key:
            difference = "another code, or another curve"
        if difference:
            logger.warning("training anew: %s is of %s", folder, difference)
            shutil.rmtree(run_)
            return {}, -1
    for step in reversed(found):
        folder = step_folder(run_, step)
        try:
            loaded, state = load_model(folder), load_state(folder)
        except CheckpointError:
            shutil.rmtree(folder)  # damaged: made again from the one before
            continue
        trainer.model.load_state_dict(loaded.state_dict())
        steps, losses = state.pop("curve.steps").tolist(), state.pop("curve.losses")
        trainer.restore(step, state)
        return dict(zip(steps, losses, strict=True)), step
    return {}, -1


def _key(config: Config, model: str) -> str:
    """Digest of the code a run is made by and of what its curve is measured on: sequences, and
    the classes of natural text."""
    text, sequences = config.language.text(model), config.language.models[model].landmark_sequences
    classes = None if text is None else text.model_dump()["classes"]
    digest = hashlib.sha256(json.dumps([sequences, classes]).encode())
    for path in source_files("stagewise.tasks.language.train"):
        digest.update((ROOT / path).read_bytes())
    return digest.hexdigest()


def _curve_table(
    curve: dict[int, torch.Tensor], counts: torch.Tensor, names: tuple[str, ...]
) -> pd.DataFrame:
    losses = torch.stack([*curve.values()]).numpy()  # (points, groups, classes)
    index = pd.MultiIndex.from_product(
        [list(curve), range(losses.shape[1]), names], names=["step", "group", "class"]
    )
    table = pd.DataFrame({"loss": losses.reshape(-1).astype(float)}, index=index).reset_index()
    return table.assign(tokens=counts.numpy().reshape(-1).tolist() * len(curve))


def _link_checkpoints(root: Path, run_: Path) -> None:
    """step{N} of the model: the checkpoint of its first seed."""
    for old in root.glob("step*"):
        if old.is_symlink():
            old.unlink()
    for folder in run_.glob("step*"):
        link = root / folder.name
        link.symlink_to(Path(run_.name) / folder.name, target_is_directory=True)
