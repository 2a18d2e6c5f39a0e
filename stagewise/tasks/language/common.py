"""What the language stages share: corpora, checked checkpoints, and tables of class pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.storage.files import read_origin
from stagewise.config import Config
from stagewise.config.corpus import CorpusConfig
from stagewise.paths import Paths
from stagewise.provenance.store import inherited, provenance

if TYPE_CHECKING:  # stages that only handle tables need no torch
    from torch import Tensor
    from transformers import PreTrainedModel

    from models.corpora.corpus import Corpus, Evaluation
    from models.corpora.natural import Text

POOL = 8192  # training sequences that the sampler's mini-batches are taken from
# What a checkpoint depends on, by where it comes from.
TRAINED, FETCHED = ("corpus", "grammar", "context", "network", "training"), ("pretrained",)


def load_corpus(
    config: Config, paths: Paths, model: str, seed: int, *, training: int | None = None
) -> Corpus:
    """The corpus of one run: `training` sequences (default: all) and all evaluation sequences.

    Raises:
        ValueError: a class has no token among those that influence is measured on.
        CorpusError: the natural text is not there, or was made by other settings.
    """
    from models.corpora.corpus import controlled_corpus
    from models.corpora.natural import text_corpus

    settings, text = config.language.models[model], config.language.text(model)
    all_of_it = settings.training.steps * settings.training.batch_size
    sizes = {
        "context": settings.context,
        "training": min(training or all_of_it, all_of_it),
        "evaluation": max(settings.evaluation_sequences, settings.landmark_sequences),
        "seed": seed,
    }
    if text is None:
        corpus = controlled_corpus(settings.grammar, **sizes)
    else:
        corpus = text_corpus(load_checked_text(config, paths, model), text.classes, **sizes)
    corpus.evaluation.first(settings.evaluation_sequences).require_classes()
    return corpus


def load_checked_text(config: Config, paths: Paths, model: str) -> Text:
    """The natural text of a model, if it was made by these settings.

    Raises:
        CorpusError: it is not there, damaged, or made by other settings.
    """
    from models.corpora.documents import CorpusError
    from models.corpora.natural import load_text

    name = config.language.models[model].corpus
    assert name is not None
    folder = paths.corpus(name)
    if not folder.is_dir():
        raise CorpusError(f"{folder} is not there: run `stagewise language corpus {name}` first")
    text, difference = load_text(folder), text_difference(config, paths, name)
    if difference:
        raise CorpusError(
            f"{folder} was made with {difference}: run `stagewise language corpus {name}` again"
        )
    return text


def text_difference(config: Config, paths: Paths, name: str) -> str | None:
    """None if a corpus was made by these settings; else what differs."""
    from models.corpora.natural import ORIGIN

    made, wanted = read_origin(paths.corpus(name) / ORIGIN), config.language.corpora[name]
    before = made.get("config", {}).get("language", {}).get("corpora", {}).get(name, {})
    for key, value in tokens_of(wanted.model_dump()).items():
        if before.get(key) != value:
            return (
                f"language.corpora.{name}.{key} = {before.get(key)!r}, the configuration says "
                f"{value!r}"
            )
    return None


def tokens_of(corpus: dict[str, Any]) -> dict[str, Any]:
    """The settings of a corpus that its tokens depend on: all but its classes."""
    return {k: v for k, v in corpus.items() if k not in ("classes", "check_manifest")}


def text_state(corpus: CorpusConfig) -> str:
    """What the text of a corpus is now, as far as it can be told without reading it: versions of
    packages, or names, sizes and times of a folder's files."""
    if corpus.packages:
        return ", ".join(f"{name} {installed_version(name)}" for name in corpus.packages)
    if corpus.folder is None:
        return ""
    files = sorted(Path(corpus.folder).expanduser().rglob(corpus.pattern))
    digest = hashlib.sha256()
    for file in files:
        state = file.stat()
        digest.update(f"{file} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()


def installed_version(package: str) -> str:
    """Version of an installed package, or that it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def text_digest(config: Config, paths: Paths, model: str) -> str | None:
    """Digest of the tokens and the tokenizer of a model's text; None for the controlled
    language, which its settings and the seed determine."""
    from models.corpora.natural import ORIGIN

    name = config.language.models[model].corpus
    return None if name is None else read_origin(paths.corpus(name) / ORIGIN).get("tokens")


def identity(config: Config, paths: Paths, model: str, evaluation: Evaluation) -> list[Any]:
    """What a kept piece of a measurement depends on beside the weights, its own settings and the
    code: the model's settings, its text, and the classes with their members."""
    members = hashlib.sha256()
    for tensor in (evaluation.tokens, evaluation.membership):
        members.update(tensor.contiguous().numpy().tobytes())
    return [
        run_settings(config.language.model_dump(), model), text_digest(config, paths, model),
        list(evaluation.class_names), members.hexdigest(),
    ]  # fmt: skip


def measured_origin(
    config: Config, paths: Paths, model: str, seed: int, device: str
) -> dict[str, Any]:
    """Provenance of what is measured on the checkpoints of one run: `origin`, the device, the
    digest of natural text, and the commit of every checkpoint that others trained."""
    from models.language.checkpoints import load_origin, step_folder

    settings, run_ = config.language.models[model], paths.language(model).seed(seed)
    found = origin(config, model, seed) | {"device": device}
    if settings.corpus is not None:
        found["text"] = text_digest(config, paths, model)
    if settings.pretrained is not None:
        made = {step: load_origin(step_folder(run_, step)) for step in settings.checkpoints}
        found["commits"] = {f"step{step}": m.get("commit") for step, m in made.items()}
    return found


def collected_origin(
    config: Config, model: str, seeds: list[int], sources: Iterable[Path]
) -> dict[str, Any]:
    """Provenance of a table made of others: `origin`, and what theirs says beyond it."""
    return origin(config, model, seeds) | inherited(sources)


def origin(config: Config, model: str, seed: int | list[int]) -> dict[str, Any]:
    """Provenance of a result of one model: its part of the configuration, and what all share."""
    settings, name = config.language.models[model], config.language.models[model].corpus
    part: dict[str, Any] = {"models": {model: settings.model_dump()}}
    if name is not None:
        part["corpora"] = {name: config.language.corpora[name].model_dump()}
    return provenance({"seed": config.seed, "language": part}, seed)


def run_settings(language: dict[str, Any], model: str) -> dict[str, Any]:
    """What the checkpoints of a model depend on, by key, from a configuration's language part."""
    settings = language.get("models", {}).get(model, {})
    keys = FETCHED if settings.get("pretrained") else TRAINED
    found = {key: settings.get(key) for key in keys}
    if settings.get("pretrained"):
        known = ("repository", "local", "endpoint")
        found["pretrained"] = {key: settings["pretrained"].get(key) for key in known}
    elif settings.get("corpus"):
        text = language.get("corpora", {}).get(settings["corpus"], {})
        found["corpus"] = tokens_of(text)
        found.pop("grammar")
    return found


def is_from(folder: Path, config: Config, paths: Paths, model: str, seed: int) -> str | None:
    """None if a checkpoint was made by these settings, this seed and (if trained here) this text;
    else what differs."""
    from models.language.checkpoints import load_origin

    made = load_origin(folder)
    before = run_settings(made.get("config", {}).get("language", {}), model)
    for key, value in run_settings(config.language.model_dump(), model).items():
        if before.get(key) != value:
            return f"language.models.{model}.{key} = {before.get(key)!r}"
    if config.language.models[model].pretrained is None and made.get("text") != text_digest(
        config, paths, model
    ):
        return f"other tokens of {config.language.models[model].corpus}"
    return None if made.get("seed") == seed else f"seed {made.get('seed')!r}"


def load_checked(
    config: Config,
    paths: Paths,
    model: str,
    seed: int,
    step: int,
    device: str = "cpu",
) -> PreTrainedModel:
    """The model at a checkpoint, if it was made by these settings.

    Raises:
        CheckpointError: there is none, it is damaged, or it was made otherwise; names it.
    """
    from models.language.checkpoints import load_model, step_folder
    from models.language.model import on_device
    from models.storage.errors import CheckpointError

    folder = step_folder(paths.language(model).seed(seed), step)
    loaded = load_model(folder)
    difference = is_from(folder, config, paths, model, seed)
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
