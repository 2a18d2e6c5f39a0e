"""Every stage of one language model in one process: for machines without Snakemake."""

from __future__ import annotations

import logging
from collections.abc import Callable

from stagewise.benchmarks.cost import estimates
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.tasks.language import (
    collect,
    corpus,
    development,
    effects,
    events,
    fetch,
    forecast,
    influence,
    landmarks,
    localisation,
    summaries,
    train,
    upweighting,
)

logger = logging.getLogger(__name__)


def run(
    config: Config,
    paths: Paths,
    model: str,
    *,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write every table of a model, run after run. What is there already and still holds
    (checkpoints, finished pieces of the sampling) is used again: a killed call goes on.

    Args:
        progress: called with the number of chain steps and training steps just done.
    """
    settings = config.language.models[model]
    place: dict = {"device": device}
    if settings.pretrained is not None:
        for line in estimates(config, device, [model]):  # before anything is fetched
            logger.info(line)
    if settings.corpus is not None and not corpus.is_made(config, paths, settings.corpus):
        logger.info("reading the text %s", settings.corpus)
        corpus.run(config, paths, settings.corpus)
    if settings.corpus is not None:
        corpus.show_classes(config, paths, settings.corpus)
    for seed in config.language_seeds(model):
        if settings.pretrained:
            for step in settings.checkpoints:
                fetch.run(config, paths, model, step)
            train.evaluate(config, paths, model, seed, **place)
        else:
            train.run(config, paths, model, seed, **place, progress=progress)
        logger.info("%s, seed %d: sampling", model, seed)
        logger.info(influence.estimate(config, paths, model, seed, threads=threads, **place))
        influence.run(config, paths, model, seed, threads=threads, **place, progress=progress)
        landmarks.run(config, paths, model, seed, **place)
        if settings.prediction is not None:
            effects.run(config, paths, model, seed, **place)
        for name in settings.upweighting.classes:
            upweighting.run(config, paths, model, name, seed, **place)
    if settings.localisations:
        localisation.run(config, paths, model, threads=threads, **place)
    for table in settings.tables:
        if table in collect.TABLES:
            collect.run(config, paths, model, table)
    development.run(config, paths, model)
    events.run(config, paths, model)
    if settings.prediction is not None:
        forecast.run(config, paths, model)
    asked = {"races": "races", "localisation": "localisation_summary", "milestones": "milestones"}
    for which, table in asked.items():
        if table in settings.tables:
            summaries.run(config, paths, model, which)
