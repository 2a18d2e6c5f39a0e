"""A training run of a language model, as every task of the language room meets it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagewise.config import Config
from stagewise.config.corpus import CorpusConfig
from stagewise.config.language import LanguageModelConfig
from stagewise.paths import LanguagePaths, Paths
from stagewise.provenance.pieces import PieceCache
from stagewise.provenance.store import inherited, provenance, write_result, write_table
from stagewise.tasks.base import Job
from stagewise.tasks.language.texts import load_checked_text, text_digest, tokens_of

if TYPE_CHECKING:  # tasks that only handle tables need no torch
    import pandas as pd
    from transformers import PreTrainedModel

    from models.corpora.corpus import Corpus, Evaluation
    from models.language.training import LanguageTrainer

POOL = 8192  # training sequences that the sampler's mini-batches are taken from
# What a checkpoint depends on, by where it comes from.
TRAINED, FETCHED = ("corpus", "grammar", "context", "network", "training"), ("pretrained",)


class LanguageRun:
    """One run of one model: its settings, files, corpus, checkpoints and provenance.

    Attributes:
        config, paths, model, seed, device, threads, advance: of the job.
        settings: of the model; place: its files; folder: of this run, one folder per checkpoint.
    """

    def __init__(
        self,
        config: Config,
        paths: Paths,
        model: str,
        seed: int | None = None,
        *,
        device: str = "cpu",
        threads: int = 1,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """`seed`: of the run; default: the model's first."""
        self.config, self.paths, self.model = config, paths, model
        self.seed = config.seed if seed is None else seed
        self.device, self.threads, self.progress = device, threads, progress
        self.settings: LanguageModelConfig = config.language.models[model]
        self.place: LanguagePaths = paths.language(model)
        self.folder = self.place.seed(self.seed)
        self._corpora: dict[int | None, Corpus] = {}

    @classmethod
    def of(cls, job: Job) -> LanguageRun:
        """The run a job is about."""
        return cls(
            job.config, job.paths, job.model, job.wildcards.get("seed"),
            device=job.device, threads=job.threads, progress=job.progress,
        )  # fmt: skip

    def advance(self, steps: int) -> None:
        """Tell the progress bar, if there is one."""
        if self.progress is not None:
            self.progress(steps)

    @property
    def text(self) -> CorpusConfig | None:
        """The natural text it learns; None for the controlled language."""
        return self.config.language.text(self.model)

    def corpus(self, training: int | None = None) -> Corpus:
        """`training` sequences (default: all) and all evaluation sequences, made once.

        Raises:
            ValueError: a class has no token among those that influence is measured on.
            CorpusError: the natural text is not there, or was made by other settings.
        """
        if training not in self._corpora:
            self._corpora[training] = self._make_corpus(training)
        return self._corpora[training]

    def _make_corpus(self, training: int | None) -> Corpus:
        from models.corpora.corpus import controlled_corpus
        from models.corpora.natural import text_corpus

        settings, text = self.settings, self.text
        all_of_it = settings.training.steps * settings.training.batch_size
        sizes = {
            "context": settings.context,
            "training": min(training or all_of_it, all_of_it),
            "evaluation": max(settings.evaluation_sequences, settings.landmark_sequences),
            "seed": self.seed,
        }
        if text is None:
            corpus = controlled_corpus(settings.grammar, **sizes)
        else:
            assert settings.corpus is not None
            made = load_checked_text(self.config, self.paths, settings.corpus)
            corpus = text_corpus(made, text.classes, **sizes)
        corpus.evaluation.first(settings.evaluation_sequences).require_classes()
        return corpus

    @property
    def pool(self) -> Corpus:
        """The corpus as the sampler sees it."""
        return self.corpus(POOL)

    def evaluation(self, corpus: Corpus) -> Evaluation:
        """The sequences that influence is measured on, at every draw."""
        return corpus.evaluation.first(self.settings.evaluation_sequences)

    def followed(self, corpus: Corpus) -> Evaluation:
        """The sequences that are measured along training."""
        return corpus.evaluation.first(self.settings.landmark_sequences)

    def checkpoint_folder(self, step: int) -> Path:
        """Folder of one checkpoint."""
        from models.language.checkpoints import step_folder

        return step_folder(self.folder, step)

    def checkpoint(self, step: int) -> PreTrainedModel:
        """The model at a checkpoint, on the run's device, if it was made by these settings.

        Raises:
            CheckpointError: there is none, it is damaged, or it was made otherwise; names it.
        """
        from models.language.checkpoints import load_model
        from models.language.model import on_device
        from models.storage.errors import CheckpointError

        folder = self.checkpoint_folder(step)
        loaded, difference = load_model(folder), self.difference(folder)
        if difference:
            raise CheckpointError(
                f"{folder} was trained with {difference}, the configuration says otherwise: train "
                "again, or write to other results"
            )
        return on_device(loaded, self.device)

    def trainer(self, step: int) -> LanguageTrainer:
        """A trainer standing where the run stood after `step`, on all of the corpus."""
        from models.language.checkpoints import load_state
        from models.language.training import LanguageTrainer

        loaded = self.checkpoint(step).requires_grad_(True)
        trainer = LanguageTrainer(loaded, self.corpus(), self.settings.training)
        state = load_state(self.checkpoint_folder(step))
        trainer.restore(step, {k: v for k, v in state.items() if not k.startswith("curve.")})
        return trainer

    def difference(self, folder: Path) -> str | None:
        """None if a checkpoint was made by these settings, this seed and (if trained here) this
        text; else what differs."""
        from models.language.checkpoints import load_origin

        made, model = load_origin(folder), self.model
        before = run_settings(made.get("config", {}).get("language", {}), model)
        for key, value in run_settings(self.config.language.model_dump(), model).items():
            if before.get(key) != value:
                return f"language.models.{model}.{key} = {before.get(key)!r}"
        if self.settings.pretrained is None and made.get("text") != self.text_digest:
            return f"other tokens of {self.settings.corpus}"
        return None if made.get("seed") == self.seed else f"seed {made.get('seed')!r}"

    @property
    def text_digest(self) -> str | None:
        """Digest of its natural text; see `texts.text_digest`."""
        return text_digest(self.config, self.paths, self.model)

    @cached_property
    def origin(self) -> dict[str, Any]:
        """Provenance of a result of this run: see `model_origin`."""
        return model_origin(self.config, self.model, self.seed)

    @property
    def measured_origin(self) -> dict[str, Any]:
        """Provenance of what is measured on the checkpoints: `origin`, the device, the digest of
        natural text, and the commit of every checkpoint that others trained."""
        from models.language.checkpoints import load_origin

        found = self.origin | {"device": self.device}
        if self.settings.corpus is not None:
            found["text"] = self.text_digest
        if self.settings.pretrained is not None:
            steps = self.settings.checkpoints
            made = {step: load_origin(self.checkpoint_folder(step)) for step in steps}
            found["commits"] = {f"step{step}": m.get("commit") for step, m in made.items()}
        return found

    def identity(self, evaluation: Evaluation) -> list[Any]:
        """What a piece of a measurement depends on beside the weights, its own settings and the
        code: the model's settings, its text, and the classes with their members."""
        members = hashlib.sha256()
        for tensor in (evaluation.tokens, evaluation.membership):
            members.update(tensor.contiguous().numpy().tobytes())
        return [
            run_settings(self.config.language.model_dump(), self.model), self.text_digest,
            list(evaluation.class_names), members.hexdigest(),
        ]  # fmt: skip

    def pieces(self, stage: str, module: str, *more: str) -> PieceCache:
        """The piece cache of a stage of this run."""
        return PieceCache(self.folder / stage, module, *more)

    def write_part(self, table: str, part: str, found: pd.DataFrame) -> None:
        """Write this run's part of a table, with the provenance of a measurement."""
        path, made = self.place.part(part, self.seed), self.measured_origin
        if table == part or part == "influence":
            write_result("language", table, found, path, made)
        else:
            write_table(found, path, made)

    def write_whole(self, table: str, found: pd.DataFrame) -> None:
        """Write a table of this run that stands for the model."""
        write_result("language", table, found, self.place.whole(table), self.measured_origin)


class LanguageModel:
    """All runs of a model, as tasks that only handle their tables meet them."""

    def __init__(self, config: Config, paths: Paths, model: str) -> None:
        self.config, self.paths, self.model = config, paths, model
        self.place, self.seeds = paths.language(model), config.language_seeds(model)
        self.settings = config.language.models[model]

    @classmethod
    def of(cls, job: Job) -> LanguageModel:
        """The model a job is about."""
        return cls(job.config, job.paths, job.model)

    def whole(self, *names: str) -> list[Path]:
        """Files of tables over all runs."""
        return [self.place.whole(name) for name in names]

    def write(self, name: str, table: pd.DataFrame, sources: Iterable[Path]) -> None:
        """Write a table made of others, with their provenance."""
        made = model_origin(self.config, self.model, self.seeds) | inherited(sources)
        write_result("language", name, table, self.place.whole(name), made)


def model_origin(config: Config, model: str, seed: int | list[int]) -> dict[str, Any]:
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
