"""Staged up-weighting of one class in one run, every arm from the same start (claim C9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stagewise.config import Config
from stagewise.config.language import LanguageModelConfig
from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.memory import fits_in_memory
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import of_model

if TYPE_CHECKING:
    from analysis.interventions.upweighting import Arm
    from models.language.training import LanguageTrainer


def each_class(config: Config) -> list[dict[str, Any]]:
    """One job per class that is up-weighted, and run."""
    return [
        {"model": model, "class_name": name, "seed": seed}
        for model, settings in config.language.models.items()
        for name in settings.upweighting.classes
        for seed in config.language_seeds(model)
    ]


def arms_of(settings: LanguageModelConfig, class_name: str) -> list[Arm]:
    """The arms of one class, cut to the training."""
    from analysis.interventions.upweighting import arms

    staged = settings.upweighting.classes[class_name]
    until = min(staged.until, settings.training.steps)
    return arms(staged.window, until, settings.upweighting.extra)


def total(job: Job) -> int:
    """Training steps of all arms, at most."""
    settings = job.config.language.models[job.model]
    return (len(arms_of(settings, job.class_name)) - 1) * settings.training.steps


@task(
    wildcards=("model", "class_name", "seed"),
    jobs=each_class,
    reads=lambda job: [job.paths.language(job.model).part("learning", job.seed)],
    writes=lambda job: [
        job.paths.language(job.model).part(f"upweighting_{job.class_name}", job.seed)
    ],
    settings=lambda job: of_model(job, "landmark_sequences", "upweighting"),
    total=total,
)
def language_upweighting(job: Job) -> None:
    """Write `upweighting_<class>`: the outcome along every arm's training, and when it passes its
    threshold.

    An arm branches off the run itself at the last checkpoint before its window, with the
    optimizer's state and the same batches: up to there they are the same run.
    """
    import pandas as pd

    from analysis.development.landmarks import grouped_counts, grouped_losses, outcomes
    from analysis.interventions.upweighting import (
        arm_table,
        base_curve,
        crossing,
        train_to_threshold,
    )

    run, name = LanguageRun.of(job), job.class_name
    settings, corpus = run.settings, run.corpus()
    staged, evaluation = settings.upweighting.classes[name], run.followed(corpus)
    outcome = staged.outcome or name
    shown = outcomes(corpus, evaluation).index(outcome)
    tokens = float(grouped_counts(corpus, evaluation)[:, shown].sum())

    def measure(trainer: LanguageTrainer) -> float:
        return float(grouped_losses(trainer.model, corpus, evaluation)[:, shown].sum()) / tokens

    steps, losses = base_curve(read_table(run.place.part("learning", run.seed)), outcome)
    rows = []
    for arm in arms_of(settings, name):
        curve = steps, losses
        if arm.name != "none":
            begin = max(s for s in settings.training.checkpoints if s <= arm.start)
            known = sum(s <= begin for s in steps)
            with fits_in_memory(run.model):
                curve = train_to_threshold(
                    run.trainer(begin),
                    arm,
                    evaluation.class_names.index(name),
                    measure,
                    threshold=staged.threshold,
                    every=settings.training.curve_every,
                    before=(steps[:known], losses[:known]),
                    progress=run.progress,
                )
        when = crossing(*curve, staged.threshold)
        rows.append(arm_table(curve, arm, name, when, outcome, staged.threshold))
    found = pd.concat(rows, ignore_index=True).assign(seed=run.seed)
    run.write_part("upweighting", f"upweighting_{name}", found)
