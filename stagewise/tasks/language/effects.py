"""Stage: the effect of up-weighting each class over the next steps, from checkpoints of a run."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.interventions.upweighting import next_effects
from stagewise.config import Config, ConfigError
from stagewise.config.language import LanguageModelConfig, PredictionConfig
from stagewise.paths import Paths
from stagewise.provenance.pieces import Kept
from stagewise.provenance.store import write_table
from stagewise.tasks.language.common import identity, load_corpus, measured_origin, pair_rows
from stagewise.tasks.language.memory import fits_in_memory
from stagewise.tasks.language.upweighting import branch


def steps_of(settings: LanguageModelConfig) -> list[int]:
    """Checkpoints from which effects are measured: every so many, but not the last."""
    every, before_end = asked(settings).every, settings.measured[:-1]
    return before_end[every - 1 :: every] or before_end[-1:]


def asked(settings: LanguageModelConfig) -> PredictionConfig:
    """What is to be predicted.

    Raises:
        ConfigError: nothing is.
    """
    if settings.prediction is None:
        raise ConfigError("prediction = null: no effects are asked for")
    return settings.prediction


def run(
    config: Config,
    paths: Paths,
    model: str,
    seed: int,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write `effects`: step, horizon, source_class, target_class, effect (nats, see
    `next_effects`), seed."""
    settings, place = config.language.models[model], paths.language(model)
    prediction = asked(settings)
    corpus = load_corpus(config, paths, model, seed)
    evaluation = corpus.evaluation.first(settings.landmark_sequences)
    kept = Kept(place.seed(seed) / "effects", "stagewise.tasks.language.effects")
    known, rows = identity(config, paths, model, evaluation), []
    for step in steps_of(settings):
        trainer = branch(config, paths, model, seed, step, corpus, device)
        extra = [prediction.horizons, prediction.total_extra, seed, step]
        key = kept.key(trainer.model.parameters(), [known, extra])
        if not kept.has(step, key):
            with fits_in_memory(model):
                effects = next_effects(
                    trainer,
                    evaluation,
                    horizons=prediction.horizons,
                    total_extra=prediction.total_extra,
                    progress=progress,
                )
            parts = [
                pair_rows(effect, evaluation.class_names).assign(step=step, horizon=horizon)
                for horizon, effect in zip(prediction.horizons, effects, strict=True)
            ]
            kept.write(pd.concat(parts).rename(columns={"influence": "effect"}), step, key)
        elif progress is not None:
            progress(max(prediction.horizons) * (len(evaluation.class_names) + 1))
        rows.append(kept.read(step))
    columns = ["step", "horizon", "source_class", "target_class", "effect", "seed"]
    table = pd.concat(rows, ignore_index=True).assign(seed=seed)[columns]
    write_table(
        table, place.part("effects", seed), measured_origin(config, paths, model, seed, device)
    )
