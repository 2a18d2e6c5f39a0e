"""Extra weight spent evenly, in windows, or where influence says it helps (claim X10)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from analysis.interventions.arms import (
    NONE,
    WINDOWS,
    Budget,
    Way,
    alone,
    chosen,
    evenly,
    way_of,
)
from stagewise.config import Config, ConfigError
from stagewise.config.interventions import SchedulesConfig, StagedClass
from stagewise.config.language import LanguageModelConfig
from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.memory import fits_in_memory
from stagewise.tasks.language.run import LanguageModel, LanguageRun
from stagewise.tasks.language.settings import SAMPLING, of_model

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from analysis.interventions.schedules import Curve, Waited
    from models.language.training import LanguageTrainer

TABLES = ("schedules", "schedule_choices")
CHOICE_COLUMNS = ["target", "arm", "step", "class", "score"]


def each_scheduled(config: Config) -> list[dict[str, Any]]:
    """One job per run of the models whose schedules are asked for."""
    return [
        {"model": model, "seed": seed}
        for model, settings in config.language.models.items()
        if settings.schedules is not None
        for seed in config.language_seeds(model)
    ]


def asked(settings: LanguageModelConfig) -> SchedulesConfig:
    """What is tried.

    Raises:
        ConfigError: nothing is.
    """
    if settings.schedules is None:
        raise ConfigError("schedules = null: none are asked for")
    return settings.schedules


def total(job: Job) -> int:
    """Training steps of all arms up to where their weight is spent."""
    settings = job.config.language.models[job.model]
    tried = asked(settings)
    return sum(
        len(tried.arms) * settings.upweighting.classes[target].until for target in tried.targets
    )


@task(
    wildcards=("model", "seed"),
    jobs=each_scheduled,
    reads=lambda job: [job.paths.language(job.model).part("learning", job.seed)],
    writes=lambda job: [job.paths.language(job.model).part(name, job.seed) for name in TABLES],
    settings=lambda job: of_model(
        job, *SAMPLING, "landmark_sequences", "upweighting", "schedules"
    ),
    total=total,
)  # fmt: skip
def language_schedules(job: Job) -> None:
    """Write `schedules` (what came of every arm) and `schedule_choices` (on what it spent)."""
    import pandas as pd

    run = LanguageRun.of(job)
    cache, known = run.pieces("schedules", __name__), run.identity(run.evaluation(run.pool))
    end = [*run.checkpoint(run.settings.training.checkpoints[-1]).parameters()]
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for target in asked(run.settings).targets:
        arms = Arms(run, target)
        for arm in arms.names():
            names = [f"{name}_{target}_{arm}" for name in TABLES]
            key = cache.key(end, [known, arms.identity(arm)])
            with fits_in_memory(run.model):
                found = cache.keep(names, key, partial(arms.tables, arm))
            for name, piece in zip(TABLES, names, strict=True):
                parts[name].append(found[piece])
    for name, tables in parts.items():
        filled = [table for table in tables if len(table)] or tables[:1]
        whole = pd.concat(filled, ignore_index=True).assign(seed=run.seed)
        run.write_part(name, name, whole)


class Arms:
    """The arms of one target in one run: all from its start, on its batches.

    Attributes:
        run: of the model; target: class to be learnt; staged: what is said of it under
            upweighting.classes.
        until: step before which weight is spent.
    """

    def __init__(self, run: LanguageRun, target: str) -> None:
        settings = run.settings
        self.run, self.target, self.tried = run, target, asked(settings)
        self.staged: StagedClass = settings.upweighting.classes[target]
        self.until = min(self.staged.until, settings.training.steps)
        self.outcome = self.staged.outcome or target

    def names(self) -> Iterator[str]:
        """none, then the arms asked for, windows one by one."""
        yield NONE
        for arm in self.tried.arms:
            if arm == WINDOWS:
                yield from (name for name, _, _ in self.windows())
            else:
                yield arm

    def windows(self) -> list[tuple[str, int, int]]:
        """Name, first step and first step after of every window."""
        from analysis.interventions.upweighting import arms

        found = arms(self.staged.window, self.until, self.run.settings.upweighting.extra)
        return [
            (arm.name, arm.start, arm.stop) for arm in found if arm.name not in (NONE, "uniform")
        ]

    def identity(self, arm: str) -> list[Any]:
        """What the tables of an arm depend on beside the model and its text."""
        settings = self.run.settings
        posterior = settings.posterior.model_dump(exclude={"memory_gib", "draws"})
        tried = self.tried.model_dump(exclude={"arms", "targets"})
        return [
            self.target, arm, self.staged.model_dump(), settings.upweighting.extra,
            posterior, tried, settings.evaluation_sequences, settings.landmark_sequences,
            self.run.seed,
        ]  # fmt: skip

    def tables(self, arm: str) -> dict[str, pd.DataFrame]:
        """The rows of one arm, by piece."""
        import pandas as pd

        from analysis.interventions.schedule_tables import outcome_row
        from analysis.interventions.upweighting import crossing

        spending = Spending(self, arm)
        curve = self._base() if arm == NONE else self._trained(arm, spending)
        threshold = self.staged.threshold
        when = crossing(*curve, threshold)
        row = {
            "target": self.target, "arm": arm, "outcome": self.outcome,
            **outcome_row(curve, when, until=self.until, threshold=threshold),
            "spent": spending.spent,
        }  # fmt: skip
        columns = ["target", "arm", "outcome", "crossing", "censored", "threshold", "until", "loss",
                   "spent"]  # fmt: skip
        choices = pd.DataFrame(spending.choices, columns=CHOICE_COLUMNS)
        found = pd.DataFrame([row])[columns], choices
        return {f"{n}_{self.target}_{arm}": t for n, t in zip(TABLES, found, strict=True)}

    def _base(self) -> Curve:
        """The learning curve of the run itself."""
        from analysis.interventions.upweighting import base_curve

        return base_curve(read_table(self.run.place.part("learning", self.run.seed)), self.outcome)

    def _trained(self, arm: str, spending: Spending) -> Curve:
        """The outcome along an arm's training, branched off at the last checkpoint before it."""
        from analysis.interventions.schedules import train_schedule

        run = self.run
        begin = max(s for s in run.settings.training.checkpoints if s <= spending.renewals[0])
        steps, losses = self._base()
        known = sum(s <= begin for s in steps)
        return train_schedule(
            run.trainer(begin), spending, spending.renewals, spending.stop, self._waited(),
            before=(steps[:known], losses[:known]), progress=run.progress,
        )  # fmt: skip

    def _waited(self) -> Waited:
        from analysis.development.landmarks import grouped_counts, grouped_losses, outcomes
        from analysis.interventions.schedules import Waited

        corpus = self.run.corpus()
        evaluation = self.run.followed(corpus)
        shown = outcomes(corpus, evaluation).index(self.outcome)
        tokens = float(grouped_counts(corpus, evaluation)[:, shown].sum())

        def measure(trainer: LanguageTrainer) -> float:
            return float(grouped_losses(trainer.model, corpus, evaluation)[:, shown].sum()) / tokens

        every = self.run.settings.training.curve_every
        return Waited(measure, self.staged.threshold, every, self.until)


class Spending:
    """What an arm spends, step by step, and a record of it.

    Called with a trainer, it says what is added to each token of every class from there on.

    Attributes:
        renewals: steps at which it is called; stop: first step without extra weight again.
        choices: rows of `schedule_choices`; spent: weight per token of the batch times steps.
    """

    def __init__(self, arms: Arms, arm: str) -> None:
        from analysis.interventions.schedules import class_shares

        self.arms, self.arm, self.way = arms, arm, Way("uniform", others=False, less=False)
        self.renewals, self.stop, self.spent = [0], arms.until, 0.0
        self.choices: list[dict[str, Any]] = []
        corpus = arms.run.corpus()
        self.names = corpus.evaluation.class_names
        self.target = self.names.index(arms.target)
        settings, staged = arms.run.settings, arms.staged
        extra, window = settings.upweighting.extra, staged.window
        found = {name: (start, stop) for name, start, stop in arms.windows()}
        if arm in found:
            self.renewals, self.stop = [found[arm][0]], found[arm][1]
        else:
            extra *= window / arms.until
            self.way = way_of("uniform" if arm == NONE else arm)
            if self.way.renewed:
                self.renewals = [*range(0, arms.until, arms.tried.renew_every)]
        self.budget = Budget(extra, self.target, class_shares(corpus))

    def __call__(self, trainer: LanguageTrainer) -> tuple[float, ...]:
        way, classes = self.way, len(self.names)
        if way.by == "even":
            division = evenly(classes, self.target, others=way.others)
        elif way.by == "uniform":
            division = alone(self.target, classes)
        else:
            scores = self._scores(trainer)
            best = chosen(scores, self.target, others=way.others, less=way.less)
            division = alone(best, classes)
            told = {"class": self.names[best], "score": float(scores[best])}
            self.choices.append(
                {"target": self.arms.target, "arm": self.arm, "step": trainer.step, **told}
            )
        end = next(step for step in (*self.renewals, self.stop) if step > trainer.step)
        self.spent += (end - trainer.step) * (-self.budget.taken if way.less else self.budget.total)
        return self.budget.extras(division, less=way.less)

    def _scores(self, trainer: LanguageTrainer) -> np.ndarray:
        """What is said of every class's effect on the target, (classes,); negative: helps."""
        from analysis.interventions.schedules import influence_on, tried

        run, way = self.arms.run, self.way
        if way.by == "oracle":
            return tried(
                trainer, run.followed(run.corpus()), self.target,
                steps=self.arms.tried.oracle_steps, total=self.budget.total,
            )  # fmt: skip
        end = run.settings.training.checkpoints[-1]
        return influence_on(
            run.trainer(end) if way.by == "static" else trainer,
            run.pool,
            run.evaluation(run.pool),
            run.settings.posterior.model_copy(update={"draws": self.arms.tried.draws}),
            self.target,
            by="bif" if way.by == "static" else way.by,
            seed=run.seed,
            threads=run.threads,
        )


@task(
    wildcards=("model",),
    jobs=lambda config: [
        {"model": model} for model, of in config.language.models.items() if of.schedules
    ],
    reads=lambda job: [job.paths.language(job.model).whole("schedules")],
    writes=lambda job: [job.paths.language(job.model).whole("schedule_differences")],
)
def language_schedule_differences(job: Job) -> None:
    """Write `schedule_differences`."""
    from analysis.interventions.schedule_tables import schedule_differences

    model = LanguageModel.of(job)
    sources = model.whole("schedules")
    found = schedule_differences(read_table(sources[0]))
    model.write("schedule_differences", found, sources)
