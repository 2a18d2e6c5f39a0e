"""What the language stages share: corpora, checked checkpoints, and tables of class pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stagewise.config import Config
from stagewise.language_config import LanguageModelConfig
from stagewise.store import provenance

if TYPE_CHECKING:  # stages that only handle tables need no torch
    from torch import Tensor
    from transformers import PreTrainedModel

    from models.corpus import Corpus

POOL = 8192  # training sequences that the sampler's mini-batches are taken from
RUN_KEYS = ("grammar", "context", "network", "training")  # what a checkpoint depends on


def load_corpus(settings: LanguageModelConfig, seed: int, *, training: int | None = None) -> Corpus:
    """The corpus of one run: `training` sequences (default: all) and all evaluation sequences.

    Raises:
        ValueError: a class has no token among those that influence is measured on.
    """
    from models.corpus import controlled_corpus

    all_of_it = settings.training.steps * settings.training.batch_size
    corpus = controlled_corpus(
        settings.grammar,
        context=settings.context,
        training=min(training or all_of_it, all_of_it),
        evaluation=max(settings.evaluation_sequences, settings.landmark_sequences),
        seed=seed,
    )
    corpus.evaluation.first(settings.evaluation_sequences).require_classes()
    return corpus


def origin(config: Config, model: str, seed: int | list[int]) -> dict[str, Any]:
    """Provenance of a result of one model: its part of the configuration, and what all share."""
    settings = config.language.models[model].model_dump()
    return provenance({"seed": config.seed, "language": {"models": {model: settings}}}, seed)


def is_from(folder: Path, settings: LanguageModelConfig, model: str, seed: int) -> str | None:
    """None if a checkpoint was made by these settings and this seed; else what differs."""
    from models.language_checkpoints import load_origin

    made = load_origin(folder)
    before = made.get("config", {}).get("language", {}).get("models", {}).get(model, {})
    wanted = settings.model_dump()
    for key in RUN_KEYS:
        if before.get(key) != wanted[key]:
            return f"language.models.{model}.{key} = {before.get(key)!r}"
    return None if made.get("seed") == seed else f"seed {made.get('seed')!r}"


def load_checked(
    run: Path,
    settings: LanguageModelConfig,
    model: str,
    seed: int,
    step: int,
    device: str = "cpu",
) -> PreTrainedModel:
    """The model at a checkpoint, if it was made by these settings.

    Raises:
        CheckpointError: there is none, it is damaged, or it was made otherwise; names it.
    """
    from models.checkpoints import CheckpointError
    from models.language_checkpoints import load_model, step_folder
    from models.language_model import on_device

    folder = step_folder(run, step)
    loaded = load_model(folder)
    difference = is_from(folder, settings, model, seed)
    if difference:
        raise CheckpointError(
            f"{folder} was trained with {difference}, the configuration says otherwise: train "
            "again, or write to other results"
        )
    return on_device(loaded, device)


def pair_rows(values: Tensor | np.ndarray, names: tuple[str, ...], **columns: Any) -> pd.DataFrame:
    """Values (source, target) as rows; further columns of the same shape, or constants."""
    i, j = np.indices(values.shape).reshape(2, -1)
    classes = np.array(names)
    table = pd.DataFrame({"source_class": classes[i], "target_class": classes[j]})
    for name, column in {"influence": values, **columns}.items():
        is_array = hasattr(column, "reshape")
        table[name] = np.asarray(column).reshape(-1) if is_array else column
    return table
