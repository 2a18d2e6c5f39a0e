"""The stages of the language models as plain commands: `stagewise language ...`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
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
    _known("language model", model, config.language.models)
    limit_threads(threads)
    return config, paths, config.language.models[model]


def _known(what: str, name: str, allowed: Iterable[str]) -> None:
    if name not in allowed:
        raise ConfigError(f"{what} {name!r}: choose one of {', '.join(allowed) or 'none'}")


@language.command("corpus")
def corpus_(
    name: Annotated[str, typer.Argument(help="Its name under language.corpora.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Read natural text and cut it into tokens."""
    from stagewise.stages.language import corpus

    config, paths = load(configfile, set_)
    _known("corpus", name, config.language.corpora)
    corpus.run(config, paths, name)
    typer.echo(f"wrote {paths.corpus(name)}")


@language.command("manifest")
def manifest_() -> None:
    """Write anew the project's manifest of its dependencies' files, from what is installed."""
    from stagewise.stages.language import corpus

    typer.echo(f"wrote {corpus.write_manifest()}")


@language.command("classes")
def classes_(
    name: Annotated[str, typer.Argument(help="A corpus under language.corpora.")],
    passage: Annotated[
        Path | None, typer.Argument(help="A text file to label.", exists=True, dir_okay=False)
    ] = None,
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """The token classes of a corpus, or of a passage: counts, examples, overlaps."""
    from models.text_corpus import load_text
    from stagewise.stages.language import corpus

    config, paths = load(configfile, set_)
    _known("corpus", name, config.language.corpora)
    if not corpus.is_made(config, paths, name):
        raise ConfigError(f"{paths.corpus(name)}: run `stagewise language corpus {name}` first")
    if passage is None:
        corpus.show_classes(config, paths, name)
        typer.echo(f"wrote {paths.classes_page(name)}")
        return
    text = load_text(paths.corpus(name))
    page, absent = corpus.passage(
        config.language.corpora[name], text, passage.read_text(encoding="utf-8")
    )
    typer.echo(page)
    if absent:
        typer.echo(f"no token of class {', '.join(absent)} in {passage}")


@language.command("fetch")
def fetch_(
    model: Model,
    step: Annotated[int, typer.Option(help="Training step of the checkpoint.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Fetch one checkpoint of a model that others trained."""
    from stagewise.stages.language import fetch

    config, paths, settings = _open(model, configfile, set_)
    if step not in settings.checkpoints:
        allowed = ", ".join(map(str, settings.checkpoints))
        raise ConfigError(f"step {step} of {model}: choose from {allowed}")
    typer.echo(f"{model} step{step}: commit {fetch.run(config, paths, model, step)}")


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
    from stagewise.stages.language import train

    config, paths, settings = _open(model, configfile, set_, threads)
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
    from stagewise.stages.language import influence

    config, paths, settings = _open(model, configfile, set_, threads)
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
    from stagewise.stages.language import localisation

    config, paths, settings = _open(model, configfile, set_, threads)
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
    from stagewise.stages.language import landmarks

    config, paths, _ = _open(model, configfile, set_)
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
    runs = len(effects.steps_of(settings)) * (len(config.language.classes(model)) + 1)
    with progress_bar("training", runs * max(effects.asked(settings).horizons)) as advance:
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
def summaries_(
    model: Model,
    which: Annotated[str, typer.Argument(help="races, localisation or milestones.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Means and intervals over runs."""
    from stagewise.stages.language import summaries

    config, paths, _ = _open(model, configfile, set_)
    _known("summary", which, summaries.SUMMARIES)
    summaries.run(config, paths, model, which)


@language.command("run")
def run_(
    model: Model,
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Every stage of one model, without Snakemake; a killed call goes on where it stopped."""
    from stagewise.stages.language import whole

    config, paths, settings = _open(model, configfile, set_, threads)
    sampled = len(settings.measured) * settings.posterior.chains * settings.posterior.sgld_steps
    trained = 0 if settings.pretrained else settings.training.steps
    with progress_bar(model, settings.seeds * (sampled + trained)) as advance:
        whole.run(
            config, paths, model, threads=threads, device=device_named(device), progress=advance
        )


@language.command("sizes")
def sizes_(configfile: Files = None, set_: Settings = None) -> None:
    """Class influence of all language models side by side, recorded ones too."""
    from stagewise.stages.language import sizes

    sizes.run(*load(configfile, set_))


@language.command("estimate")
def estimate_(configfile: Files = None, set_: Settings = None, device: Device = "auto") -> None:
    """Time and memory that sampling the pretrained models will take on this machine."""
    from stagewise.cost_benchmark import estimates

    for line in estimates(load(configfile, set_)[0], device_named(device)):
        typer.echo(line)


@language.command("record")
def record_(configfile: Files = None, set_: Settings = None) -> None:
    """Keep the small tables of a finished full run in the repository."""
    from stagewise.recorded import record

    for path in record(*load(configfile, set_)):
        typer.echo(f"wrote {path}")
