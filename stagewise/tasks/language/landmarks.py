"""Stage: landmarks of one run at every checkpoint, and the losses its classes are held against."""

from __future__ import annotations

import pandas as pd

from analysis.development.landmarks import baselines, landmarks, outcomes
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.pieces import Kept
from stagewise.provenance.store import write_table
from stagewise.tasks.language.common import (
    identity,
    load_checked,
    load_corpus,
    measured_origin,
)
from stagewise.tasks.language.memory import fits_in_memory


def run(config: Config, paths: Paths, model: str, seed: int, *, device: str = "cpu") -> None:
    """Write `landmarks` (step, name, value, seed; at the first step also the number of
    `parameters`) and `baselines` (class, name, loss, seed; the mean loss of a class under the
    language's unigram, bigram and best predictor, nats)."""
    settings, place = config.language.models[model], paths.language(model)
    corpus = load_corpus(config, paths, model, seed, training=1)
    evaluation = corpus.evaluation.first(settings.landmark_sequences)
    kept = Kept(place.seed(seed) / "landmarks", "stagewise.tasks.language.landmarks")
    known = identity(config, paths, model, evaluation)
    rows: list[pd.DataFrame] = []
    for step in settings.checkpoints:
        anchor = load_checked(config, paths, model, seed, step, device)
        key = kept.key(anchor.parameters(), known)
        if not kept.has(step, key):
            with fits_in_memory(model):
                found = landmarks(anchor, corpus, evaluation)
            if step == settings.checkpoints[0]:
                found["parameters"] = sum(p.numel() for p in anchor.parameters())
            table = pd.DataFrame({"step": step, "name": list(found), "value": list(found.values())})
            kept.write(table, step, key)
        rows.append(kept.read(step))
    made = measured_origin(config, paths, model, seed, device)
    write_table(
        pd.concat(rows, ignore_index=True).assign(seed=seed), place.part("landmarks", seed), made
    )
    compared = pd.DataFrame(
        {"class": outcomes(corpus, evaluation)}
        | {name: loss.numpy() for name, loss in baselines(corpus, evaluation).items()}
    ).melt(id_vars="class", var_name="name", value_name="loss")
    write_table(compared.assign(seed=seed), place.part("baselines", seed), made)
