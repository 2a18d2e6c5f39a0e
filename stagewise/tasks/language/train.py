"""Train one language model, keep its checkpoints and its learning curve.

A killed run goes on from its last checkpoint, with the same result to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from stagewise.provenance.code import source_files
from stagewise.provenance.store import write_json
from stagewise.root import ROOT
from stagewise.tasks.base import Job, each_run, task
from stagewise.tasks.language.memory import fits_in_memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import of_model

if TYPE_CHECKING:
    import torch

    from models.corpora.corpus import Corpus
    from models.language.throughput import Speed
    from models.language.training import LanguageTrainer

logger = logging.getLogger(__name__)

Curve = dict[int, "torch.Tensor"]  # step -> summed losses (groups, outcomes)


def needs(job: Job) -> Iterable[Path]:
    """What must be there before a run's learning curve: its text, and its checkpoints where others
    trained it."""
    model, place = job.config.language.models[job.model], job.paths.language(job.model)
    if model.corpus:
        yield job.paths.corpus(model.corpus) / "corpus.json"
    for step in model.checkpoints if model.pretrained else ():
        yield place.seed(job.config.seed) / f"step{step}" / "provenance.json"


@task(
    wildcards=("model", "seed"),
    jobs=each_run,
    reads=needs,
    writes=lambda job: [job.paths.language(job.model).part("learning", job.seed)],
    settings=lambda job: of_model(job, "landmark_sequences"),
    total=lambda job: (
        len(job.config.language.models[job.model].checkpoints)
        if job.config.language.models[job.model].pretrained
        else job.config.language.models[job.model].training.steps
    ),
)
def language_train(job: Job) -> None:
    """Write the checkpoints of one run and its learning curve; of a model that others trained, the
    curve along its checkpoints."""
    run = LanguageRun.of(job)
    if run.settings.pretrained is None:
        train(run)
    else:
        evaluate(run)
    if run.seed == run.config.seed:
        link_checkpoints(run.place.root, run.folder)


def train(run: LanguageRun) -> None:
    """Write checkpoints, `learning` (summed losses every `curve_every` steps) and speed.json (see
    `models.language.throughput`)."""
    import torch

    from analysis.development.landmarks import grouped_losses
    from models.language.checkpoints import save_checkpoint
    from models.language.model import build_model, on_device
    from models.language.training import LanguageTrainer

    settings, training, corpus = run.settings, run.settings.training, run.corpus()
    evaluation = run.followed(corpus)
    sizes = {"vocabulary": corpus.vocabulary, "context": settings.context}
    model = on_device(build_model(settings.network, **sizes, seed=run.seed), run.device)
    trainer = LanguageTrainer(model, corpus, training)
    key = made_by(run)
    made = run.measured_origin | {"key": key}
    curve, done = resume(trainer, run, key)
    run.advance(trainer.step)
    speed = stop_watch(trainer, run)
    marks = {*range(0, training.steps + 1, training.curve_every), *training.checkpoints}
    for step in sorted(mark for mark in marks if mark > done):
        before = trainer.step
        speed.skip()
        with fits_in_memory(run.model):
            trainer.train(step, progress=run.progress)
        speed.add((step - before) * settings.tokens_per_step)
        if step % training.curve_every == 0 or step == training.steps:
            curve[step] = grouped_losses(trainer.model, corpus, evaluation)
        if step in training.checkpoints:
            state = trainer.state() | {
                "curve.steps": torch.tensor(list(curve)),
                "curve.losses": torch.stack([*curve.values()]),
            }
            folder = run.checkpoint_folder(step)
            save_checkpoint(folder, trainer.model, corpus.tokenizer, state, made)
            logger.info(told(step, speed))
    write_curve(run, curve, corpus, made)
    if speed.tokens:
        write_json(speed.report() | {"device": run.device}, run.folder / "speed.json")


def evaluate(run: LanguageRun) -> None:
    """Write `learning` from the checkpoints of a model that others trained."""
    from analysis.development.landmarks import grouped_losses

    corpus, curve = run.corpus(training=1), {}
    for step in run.settings.checkpoints:
        model = run.checkpoint(step)
        with fits_in_memory(run.model):
            curve[step] = grouped_losses(model, corpus, run.followed(corpus))
        run.advance(1)
    write_curve(run, curve, corpus, run.measured_origin)


def write_curve(run: LanguageRun, curve: Curve, corpus: Corpus, made: dict) -> None:
    """Write the learning curve of a run."""
    from analysis.development.landmarks import grouped_counts, outcomes
    from analysis.development.tables import learning_table
    from stagewise.provenance.store import write_result

    evaluation = run.followed(corpus)
    table = learning_table(curve, grouped_counts(corpus, evaluation), outcomes(corpus, evaluation))
    path = run.place.part("learning", run.seed)
    write_result("language", "learning", table.assign(seed=run.seed), path, made)


def stop_watch(trainer: LanguageTrainer, run: LanguageRun) -> Speed:
    """A stop-watch for this model on its device."""
    import torch

    from models.language.throughput import Speed, flops_per_token, matmul_rate

    half = run.settings.training.precision == "bfloat16" and trainer.device.type == "cuda"
    dtype = torch.bfloat16 if half else torch.float32
    flops = flops_per_token(trainer.model, run.settings.context)
    return Speed(flops, matmul_rate(str(trainer.device), dtype))


def told(step: int, speed: Speed) -> str:
    """A line on the progress at a checkpoint."""
    now = speed.report()
    return (
        f"step {step}: {now['tokens_per_second']:,.0f} tokens per second, "
        f"{now['utilisation']:.0%} of the device's matrix products"
    )


def resume(trainer: LanguageTrainer, run: LanguageRun, key: str) -> tuple[Curve, int]:
    """Put the trainer at the last usable checkpoint: the curve so far, and the step (-1: none).
    Checkpoints of other settings, other code or another curve are thrown away."""
    from models.language.checkpoints import load_model, load_origin, load_state
    from models.storage.errors import CheckpointError

    steps = run.settings.training.checkpoints
    found = {s: run.checkpoint_folder(s) for s in steps if run.checkpoint_folder(s).is_dir()}
    for folder in found.values():
        difference = run.difference(folder)
        if not difference and load_origin(folder).get("key") != key:
            difference = "another code, or another curve"
        if difference:
            logger.warning("training anew: %s is of %s", folder, difference)
            shutil.rmtree(run.folder)
            return {}, -1
    for step, folder in reversed(found.items()):
        try:
            loaded, state = load_model(folder), load_state(folder)
        except CheckpointError:
            shutil.rmtree(folder)  # damaged: made again from the one before
            continue
        trainer.model.load_state_dict(loaded.state_dict())
        points, losses = state.pop("curve.steps").tolist(), state.pop("curve.losses")
        trainer.restore(step, state)
        return dict(zip(points, losses, strict=True)), step
    return {}, -1


def made_by(run: LanguageRun) -> str:
    """Digest of the code a run is made by and of what its curve is measured on: sequences, and
    the classes of natural text."""
    classes = None if run.text is None else run.text.model_dump()["classes"]
    measured = [run.settings.landmark_sequences, classes]
    digest = hashlib.sha256(json.dumps(measured).encode())
    for path in source_files("stagewise.tasks.language.train"):
        digest.update((ROOT / path).read_bytes())
    return digest.hexdigest()


def link_checkpoints(root: Path, folder: Path) -> None:
    """step{N} of the model: the checkpoint of its first seed."""
    for old in root.glob("step*"):
        if old.is_symlink():
            old.unlink()
    for checkpoint in folder.glob("step*"):
        link = root / checkpoint.name
        link.symlink_to(Path(folder.name) / checkpoint.name, target_is_directory=True)
