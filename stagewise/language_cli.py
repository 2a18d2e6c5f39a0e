"""The stages of the language models as plain commands: `stagewise language ...`."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from stagewise.config import Config, ConfigError
from stagewise.language_config import LanguageModelConfig
from stagewise.options import (
    Device,
    Files,
    Settings,
    Threads,
    device_named,
    limit_threads,
    load,
    progress_bar,
)
from stagewise.paths import Paths

language = typer.Typer(no_args_is_help=True, help="Stages of the language models.")

Model = Annotated[str, typer.Argument(help="Its name under language.models.")]
Seed = Annotated[int, typer.Option(help="Seed of the training run.")]


def _open(
    model: str, files: Files, settings: Settings, threads: int = 1
) -> tuple[Config, Paths, LanguageModelConfig]:
    config, paths = load(files, settings)
    if model not in config.language.models:
        allowed = ", ".join(config.language.models) or "none"
        raise ConfigError(f"language model {model!r}: choose one of {allowed}")
    limit_threads(threads)
    return config, paths, config.language.models[model]


@language.command("train")
def train_(
    model: Model,
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Train one run, keep its checkpoints and its learning curve."""
    from stagewise.stages.language import train

    config, paths, settings = _open(model, configfile, set_, threads)
    with progress_bar("training", settings.training.steps) as advance:
        train.run(config, paths, model, seed, device=device_named(device), progress=advance)


@language.command("influence")
def influence_(
    model: Model,
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Influence between token classes at every measured checkpoint of one run."""
    from stagewise.stages.language import influence

    config, paths, settings = _open(model, configfile, set_, threads)
    place = device_named(device)
    logging.info(influence.estimate(config, paths, model, seed, threads=threads, device=place))
    total = len(settings.measured) * settings.posterior.chains * settings.posterior.sgld_steps
    with progress_bar("sampling", total) as advance:
        influence.run(config, paths, model, seed, threads=threads, device=place, progress=advance)


@language.command("localisation")
def localisation_(
    model: Model,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Sampled class influence against its limit of strong localisation, on the first run."""
    from stagewise.stages.language import localisation

    config, paths, settings = _open(model, configfile, set_, threads)
    runs = len(localisation.steps_of(settings)) * len(settings.localisations)
    total = runs * settings.posterior.chains * settings.posterior.sgld_steps
    with progress_bar("sampling", total) as advance:
        localisation.run(
            config, paths, model, threads=threads, device=device_named(device), progress=advance
        )


@language.command("landmarks")
def landmarks_(model: Model, seed: Seed, configfile: Files = None, set_: Settings = None) -> None:
    """Landmarks of one run at every checkpoint."""
    from stagewise.stages.language import landmarks

    config, paths, _ = _open(model, configfile, set_)
    landmarks.run(config, paths, model, seed)


@language.command("upweighting")
def upweighting_(
    model: Model,
    class_name: Annotated[str, typer.Argument(help="A class under upweighting.classes.")],
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    device: Device = "auto",
) -> None:
    """Up-weight a class in windows of training, in one run."""
    from stagewise.stages.language import upweighting

    config, paths, settings = _open(model, configfile, set_)
    if class_name not in settings.upweighting.classes:
        allowed = ", ".join(settings.upweighting.classes)
        raise ConfigError(f"class {class_name!r}: choose one of {allowed}")
    arms = len(upweighting.arms_of(settings, class_name)) - 1
    with progress_bar("training", arms * settings.training.steps) as advance:
        upweighting.run(
            config, paths, model, class_name, seed, device=device_named(device), progress=advance
        )


@language.command("effects")
def effects_(
    model: Model,
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    device: Device = "auto",
) -> None:
    """Up-weight every class for a few steps from checkpoints of one run."""
    from stagewise.stages.language import effects

    config, paths, settings = _open(model, configfile, set_)
    runs = len(effects.steps_of(settings)) * (len(settings.classes) + 1)
    with progress_bar("training", runs * max(settings.prediction.horizons)) as advance:
        effects.run(config, paths, model, seed, device=device_named(device), progress=advance)


@language.command("collect")
def collect_(
    model: Model,
    table: Annotated[str, typer.Argument(help="A table that all runs have a part of.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Put one table of all runs together."""
    from stagewise.stages.language import collect

    config, paths, _ = _open(model, configfile, set_)
    collect.run(config, paths, model, table)


@language.command("development")
def development_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Stage boundaries of every run, from its landmarks alone."""
    from stagewise.stages.language import development

    config, paths, _ = _open(model, configfile, set_)
    development.run(config, paths, model)


@language.command("events")
def events_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Flips and peaks of class influence."""
    from stagewise.stages.language import events

    config, paths, _ = _open(model, configfile, set_)
    events.run(config, paths, model)


@language.command("forecast")
def forecast_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Hold influence against the effects of the next steps."""
    from stagewise.stages.language import forecast

    config, paths, _ = _open(model, configfile, set_)
    forecast.run(config, paths, model)


@language.command("summaries")
def summaries_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Means and intervals over runs."""
    from stagewise.stages.language import summaries

    config, paths, _ = _open(model, configfile, set_)
    summaries.run(config, paths, model)


@language.command("record")
def record_(configfile: Files = None, set_: Settings = None) -> None:
    """Keep the small tables of a finished full run in the repository."""
    from stagewise.recorded import record

    for path in record(*load(configfile, set_)):
        typer.echo(f"wrote {path}")
