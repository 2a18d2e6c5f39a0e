"""The stages of the language models as plain commands: `stagewise language ...`."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from stagewise.cli.language_options import Model, Seed, open_model
from stagewise.cli.language_tables import table_commands
from stagewise.cli.options import (
    Device,
    Files,
    Settings,
    Threads,
    device_named,
    load,
    progress_bar,
)
from stagewise.cli.text import text_commands
from stagewise.config import ConfigError

language = typer.Typer(no_args_is_help=True, help="Stages of the language models.")
language.add_typer(text_commands)
language.add_typer(table_commands)


@language.command("train")
def train_(
    model: Model,
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Train one run, keep its checkpoints and its learning curve; of a model trained elsewhere,
    the learning curve along its checkpoints."""
    from stagewise.tasks.language import train

    config, paths, settings = open_model(model, configfile, set_, threads)
    if settings.pretrained is not None:
        with progress_bar("evaluating", len(settings.checkpoints)) as advance:
            train.evaluate(
                config, paths, model, seed, device=device_named(device), progress=advance
            )
        return
    with progress_bar("training", settings.training.steps) as advance:
        train.run(config, paths, model, seed, device=device_named(device), progress=advance)


@language.command("influence")
def influence_(
    model: Model,
    seed: Seed,
    step: Annotated[int | None, typer.Option(help="One checkpoint alone.")] = None,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Influence between token classes at every measured checkpoint of one run."""
    from stagewise.tasks.language import influence

    config, paths, settings = open_model(model, configfile, set_, threads)
    place = device_named(device)
    steps = len(settings.measured) if step is None else 1
    if step is None and not settings.jobs_by_checkpoint:  # else the work was done in its jobs
        logging.info(influence.estimate(config, paths, model, seed, threads=threads, device=place))
    total = steps * settings.posterior.chains * settings.posterior.sgld_steps
    with progress_bar("sampling", total) as advance:
        influence.run(
            config, paths, model, seed,
            only=step, threads=threads, device=place, progress=advance,
        )  # fmt: skip


@language.command("localisation")
def localisation_(
    model: Model,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Sampled class influence against its limit of strong localisation, on the first run."""
    from stagewise.tasks.language import localisation

    config, paths, settings = open_model(model, configfile, set_, threads)
    runs = len(localisation.steps_of(settings)) * len(settings.localisations)
    total = runs * settings.posterior.chains * settings.posterior.sgld_steps
    with progress_bar("sampling", total) as advance:
        localisation.run(
            config, paths, model, threads=threads, device=device_named(device), progress=advance
        )


@language.command("landmarks")
def landmarks_(
    model: Model,
    seed: Seed,
    configfile: Files = None,
    set_: Settings = None,
    device: Device = "auto",
) -> None:
    """Landmarks of one run at every checkpoint."""
    from stagewise.tasks.language import landmarks

    config, paths, _ = open_model(model, configfile, set_)
    landmarks.run(config, paths, model, seed, device=device_named(device))


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
    from stagewise.tasks.language import upweighting

    config, paths, settings = open_model(model, configfile, set_)
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
    from stagewise.tasks.language import effects

    config, paths, settings = open_model(model, configfile, set_)
    runs = len(effects.steps_of(settings)) * (len(config.language.classes(model)) + 1)
    with progress_bar("training", runs * max(effects.asked(settings).horizons)) as advance:
        effects.run(config, paths, model, seed, device=device_named(device), progress=advance)


@language.command("run")
def run_(
    model: Model,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Every stage of one model, without Snakemake; a killed call goes on where it stopped."""
    from stagewise.tasks.language import whole

    config, paths, settings = open_model(model, configfile, set_, threads)
    sampled = len(settings.measured) * settings.posterior.chains * settings.posterior.sgld_steps
    trained = 0 if settings.pretrained else settings.training.steps
    with progress_bar(model, settings.seeds * (sampled + trained)) as advance:
        whole.run(
            config, paths, model, threads=threads, device=device_named(device), progress=advance
        )


@language.command("estimate")
def estimate_(configfile: Files = None, set_: Settings = None, device: Device = "auto") -> None:
    """Time and memory that sampling the pretrained models will take on this machine."""
    from stagewise.benchmarks.cost import estimates

    for line in estimates(load(configfile, set_)[0], device_named(device)):
        typer.echo(line)
