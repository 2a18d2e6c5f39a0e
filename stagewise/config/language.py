"""The configuration of the language models."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from analysis.sampling.settings import PosteriorConfig
from analysis.statistics.jackknife import MIN_BLOCKS
from analysis.tables.catalogue import of_room
from models.corpora.grammar import CLASSES, Grammar
from models.language.settings import Network, Training
from models.settings import Section, distinct
from stagewise.config.corpus import CorpusConfig, PretrainedConfig
from stagewise.config.interventions import (
    UPWEIGHTED,
    ForecastConfig,
    SchedulesConfig,
    UpweightingConfig,
)


class LanguagePosterior(PosteriorConfig):
    """The local posterior of a language model; the loss is the mean token loss."""

    nbeta: float = Field(2000.0, ge=0, description="n x beta: effective number of tokens [ours]")
    gamma: float = Field(1e5, gt=0, description="localisation, 1/parameter^2 [ours]")
    step_size: float = Field(2e-5, gt=0, description="SGLD step size epsilon [ours]")
    chains: int = Field(2, ge=1, le=2**12, description="chains per checkpoint")
    draws: int = Field(125, ge=2, description="draws kept per chain")
    burn_in: int = Field(10, ge=0, description="steps before the first draw")
    batch_size: int | None = Field(16, ge=1, description="training sequences per gradient")
    integrator: str = Field(  # type: ignore[assignment]
        "exponential", pattern="^(euler|exponential)$",
        description="euler: plain SGLD; exponential: exact in the localisation",
    )  # fmt: skip


PACKAGES = ["matplotlib", "networkx", "numpy", "pandas", "scipy", "sympy"]  # 52 MB of sources


class LanguageModelConfig(Section):
    """One language model on one language."""

    corpus: str | None = Field(
        None, description="natural text, by its name under language.corpora; null: the grammar's"
    )
    pretrained: PretrainedConfig | None = Field(
        None, description="instead of training: checkpoints from elsewhere"
    )
    grammar: Grammar = Field(Grammar(), description="the controlled language")
    context: int = Field(96, ge=8, description="tokens a model sees at once")
    network: Network = Field(Network(), description="the model")
    training: Training = Field(Training(), description="how it is trained")
    seeds: int = Field(3, ge=1, description="training runs: seed, seed + 1, ...")
    evaluation_sequences: int = Field(32, ge=2, description="measured at every draw")
    landmark_sequences: int = Field(128, ge=16, description="measured along training")
    sequences_at_once: int | None = Field(
        None,
        ge=1,
        description="evaluation sequences in one forward pass; null: what 1 GiB of scores holds",
    )
    threads: int = Field(1, ge=1, description="CPU threads of each training and sampling job")
    gpus: int = Field(0, ge=0, description="GPUs that each of these asks a cluster for")
    jobs_by_checkpoint: bool = Field(
        False, description="influence: one job per checkpoint instead of one per run"
    )
    measure_from: int = Field(
        8, ge=0, description="influence is measured at step 0, and at every checkpoint from here"
    )
    measure_all_until: int = Field(600, ge=0, description="up to this step")
    measure_every: int = Field(300, ge=1, description="and then at multiples of this one")
    posterior: LanguagePosterior = Field(
        LanguagePosterior(), description="the local posterior and its sampler"
    )
    localisations: list[float] = Field(
        [1e5, 4e5, 1.6e6],
        description="gammas compared with the gradient (claim X6); at least two, or none",
    )
    localisation_every: int = Field(5, ge=1, description="at every so many measured checkpoints")
    shown_sequence: int = Field(
        0, ge=0, description="evaluation sequence whose token x token influence is kept"
    )
    shown_tokens: int | None = Field(
        None, ge=2, description="its first so many predicted tokens; null: all"
    )
    upweighting: UpweightingConfig = Field(UpweightingConfig(), description="staged up-weighting")
    forecast: ForecastConfig | None = Field(
        ForecastConfig(), description="influence against the effect of the next steps; or null"
    )
    schedules: SchedulesConfig | None = Field(
        None, description="extra weight where influence says it helps (claim X10); null: not tried"
    )

    @field_validator("localisations")
    @classmethod
    def _gammas(cls, values: list[float]) -> list[float]:
        if values and min(values) <= 0:
            raise ValueError("every value must be greater than 0")
        if len(values) == 1:
            raise ValueError("at least two values, or none")
        return sorted(distinct(values))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        blocks = -(-MIN_BLOCKS // self.posterior.chains)
        if self.posterior.draws < 2 * blocks:
            raise ValueError(
                f"posterior.draws = {self.posterior.draws}: with chains = {self.posterior.chains} "
                f"at least {2 * blocks}, for {MIN_BLOCKS} blocks of 2 draws behind a standard error"
            )
        if self.shown_sequence >= self.evaluation_sequences:
            raise ValueError(
                f"shown_sequence = {self.shown_sequence}: below evaluation_sequences = "
                f"{self.evaluation_sequences}"
            )
        if self.training.steps < 4:
            raise ValueError(f"training.steps = {self.training.steps}: at least 4")
        if self.schedules is not None and self.pretrained is None:
            self.schedules.require(self.upweighting.classes)
        if self.pretrained is not None:
            self._elsewhere()
        return self

    def _elsewhere(self) -> None:
        """Raise ValueError where what is asked for needs training here."""
        asked = {
            "corpus": "null: the text it is measured on must be named" if not self.corpus else "",
            "seeds": f"{self.seeds}: 1, there is one run" if self.seeds > 1 else "",
            "forecast": "given: null, it needs training" if self.forecast else "",
            "schedules": "given: null, they need training" if self.schedules else "",
            "upweighting.classes": "given: none, they need training"
            if self.upweighting.classes
            else "",
        }
        wrong = [f"{key} = {value}" for key, value in asked.items() if value]
        if wrong:
            raise ValueError(f"{wrong[0]} (pretrained is set)")

    @property
    def measured(self) -> list[int]:
        """Steps of the checkpoints at which influence is measured."""
        kept = self.checkpoints
        early, late = max(self.measure_from, 1), self.measure_all_until
        chosen = [
            s for s in kept if early <= s <= late or (s > late and s % self.measure_every == 0)
        ]
        return sorted({kept[0], *chosen, kept[-1]})

    @property
    def checkpoints(self) -> list[int]:
        """Steps of all checkpoints."""
        return self.pretrained.steps if self.pretrained else self.training.checkpoints

    @property
    def tables(self) -> list[str]:
        """Result tables over all seeds: what was asked for."""
        return [
            table.name
            for table in of_room("language")
            if table.scope != "first" and (not table.asked or self._asked(table.asked))
        ]

    def _asked(self, key: str) -> bool:
        value: Any = self
        for part in key.split("."):
            value = getattr(value, part)
        return bool(value)

    @property
    def tokens_per_step(self) -> int:
        """Tokens that a training step sees."""
        if self.pretrained:
            return self.pretrained.tokens_per_step
        return self.training.batch_size * self.context


class LanguageConfig(Section):
    """The language models."""

    corpora: dict[str, CorpusConfig] = Field(
        {"sources": CorpusConfig(packages=PACKAGES)},
        description="natural text, by name; one set to null is left out",
    )
    models: dict[str, LanguageModelConfig] = Field(
        {"controlled": LanguageModelConfig(upweighting=UPWEIGHTED)},
        description="by name; a model set to null is left out",
    )

    elsewhere: dict[str, str] = Field(
        {
            "natural": "workflow/config/natural.yaml",
            "natural_small": "workflow/config/natural_small.yaml",
            "pythia_14m": "workflow/config/pythia.yaml",
        },
        description="models of other configurations, shown from their recorded tables; one set to "
        "null is left out",
    )

    @field_validator("models", "corpora", "elsewhere")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not name.replace("_", "").isalnum() or not name.islower() or len(name) > 40:
                raise ValueError(f"name {name!r}: lower-case letters, digits and _, at most 40")
        return value

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for name, model in self.models.items():
            if model.corpus is not None and model.corpus not in self.corpora:
                allowed = ", ".join(self.corpora) or "none is named under language.corpora"
                raise ValueError(f"models.{name}.corpus = {model.corpus!r}: choose from {allowed}")
            try:
                model.upweighting.require(self.classes(name), self.outcomes(name))
            except ValueError as error:
                raise ValueError(f"models.{name}.{error}") from error
        return self

    @property
    def recorded(self) -> dict[str, str]:
        """The models elsewhere that are not of this configuration, and whose."""
        return {name: file for name, file in self.elsewhere.items() if name not in self.models}

    def text(self, model: str) -> CorpusConfig | None:
        """The natural text of a model; None where it learns the controlled language."""
        name = self.models[model].corpus
        return None if name is None else self.corpora[name]

    def classes(self, model: str) -> tuple[str, ...]:
        """Token classes of a model's language."""
        text = self.text(model)
        return CLASSES if text is None else tuple(text.classes)

    def outcomes(self, model: str) -> tuple[str, ...]:
        """What its learning curves show: the classes and, in the controlled language, how well
        the kind of a right delimiter is known."""
        kind = ("delimiter_kind",) if self.text(model) is None else ()
        return (*self.classes(model), *kind)
