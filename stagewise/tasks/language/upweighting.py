"""Stage: staged up-weighting of one class in one run, every arm from the same start (claim C9)."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.development.landmarks import grouped_counts, grouped_losses, outcomes
from analysis.interventions.upweighting import Arm, arms, crossing, race
from models.corpora.corpus import Corpus
from models.language.checkpoints import load_state, step_folder
from models.language.training import LanguageTrainer
from stagewise.config import Config
from stagewise.config.language import LanguageModelConfig
from stagewise.paths import Paths
from stagewise.provenance.store import read_table, write_table
from stagewise.tasks.language.common import load_checked, load_corpus, measured_origin
from stagewise.tasks.language.memory import fits_in_memory


def arms_of(settings: LanguageModelConfig, class_name: str) -> list[Arm]:
    """The arms of one class, cut to the training."""
    staged = settings.upweighting.classes[class_name]
    return arms(
        staged.window, min(staged.until, settings.training.steps), settings.upweighting.extra
    )


def run(
    config: Config,
    paths: Paths,
    model: str,
    class_name: str,
    seed: int,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write `upweighting_<class>`: class, arm, start, stop, extra, step, loss (the outcome, nats,
    along the arm's training), crossing (step at which it passes the threshold, NaN if never),
    outcome, threshold, seed.

    An arm branches off the run itself at the last checkpoint before its window, with the
    optimizer's state and the same batches: up to there they are the same run.
    """
    settings, place = config.language.models[model], paths.language(model)
    staged, every = settings.upweighting.classes[class_name], settings.training.curve_every
    corpus = load_corpus(config, paths, model, seed)
    evaluation = corpus.evaluation.first(settings.landmark_sequences)
    index = evaluation.class_names.index(class_name)
    outcome = staged.outcome or class_name
    shown = outcomes(corpus, evaluation).index(outcome)
    tokens = float(grouped_counts(corpus, evaluation)[:, shown].sum())

    def measure(trainer: LanguageTrainer) -> float:
        return float(grouped_losses(trainer.model, corpus, evaluation)[:, shown].sum()) / tokens

    steps, losses = base_curve(read_table(place.part("learning", seed)), outcome)
    rows = []
    for arm in arms_of(settings, class_name):
        curve = steps, losses
        if arm.name != "none":
            begin = max(s for s in settings.training.checkpoints if s <= arm.start)
            trainer = branch(config, paths, model, seed, begin, corpus, device)
            known = sum(s <= begin for s in steps)
            with fits_in_memory(model):
                curve = race(
                    trainer,
                    arm,
                    index,
                    measure,
                    threshold=staged.threshold,
                    every=every,
                    before=(steps[:known], losses[:known]),
                    progress=progress,
                )
        when = crossing(*curve, staged.threshold)
        rows.append(
            pd.DataFrame({"step": curve[0], "loss": curve[1]}).assign(
                **{"class": class_name}, arm=arm.name, start=arm.start, stop=arm.stop,
                extra=arm.extra, crossing=when, outcome=outcome,
                threshold=staged.threshold, seed=seed,
            )
        )  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    write_table(
        table,
        place.part(f"upweighting_{class_name}", seed),
        measured_origin(config, paths, model, seed, device),
    )


def branch(
    config: Config, paths: Paths, model: str, seed: int, step: int, corpus: Corpus, device: str
) -> LanguageTrainer:
    """A trainer standing where the run stood after `step`."""
    settings, run_ = config.language.models[model].training, paths.language(model).seed(seed)
    loaded = load_checked(config, paths, model, seed, step, device).requires_grad_(True)
    trainer = LanguageTrainer(loaded, corpus, settings)
    state = load_state(step_folder(run_, step))
    trainer.restore(step, {k: v for k, v in state.items() if not k.startswith("curve.")})
    return trainer


def base_curve(learning: pd.DataFrame, class_name: str) -> tuple[list[int], list[float]]:
    """Steps and mean losses of a class along the run itself."""
    sums = learning[learning["class"] == class_name].groupby("step")[["loss", "tokens"]].sum()
    return sums.index.tolist(), (sums["loss"] / sums["tokens"]).tolist()
