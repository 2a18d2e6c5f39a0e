"""The stages of the language models as plain commands: `stagewise language ...`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from stagewise.cli.complete import run_models_for
from stagewise.cli.options import Given, command, device_named, progress_bar
from stagewise.config import ConfigError
from stagewise.config.language import LanguageModelConfig

language = typer.Typer(no_args_is_help=True, help="Stages of the language models.")

Model = Annotated[
    str,
    typer.Argument(help="Its name under language.models.", autocompletion=run_models_for),
]
Seed = Annotated[int, typer.Option(help="Seed of the training run.")]


def known(what: str, name: str, allowed: Iterable[str]) -> None:
    """A ConfigError that lists what is allowed, if `name` is not among it."""
    if name not in allowed:
        raise ConfigError(f"{what} {name!r}: choose one of {', '.join(allowed) or 'none'}")


def model_of(given: Given, model: str) -> LanguageModelConfig:
    """The settings of a model; a ConfigError if there is none such."""
    known("language model", model, given.config.language.models)
    return given.config.language.models[model]


@command(language, "train", threads=1, device="auto")
def train(given: Given, model: Model, seed: Seed) -> None:
    """Train one run, keep its checkpoints and its learning curve; of a model trained elsewhere,
    the learning curve along its checkpoints."""
    title = "evaluating" if model_of(given, model).pretrained else "training"
    given.perform("language_train", title, model=model, seed=seed)


@command(language, "influence", threads=1, device="auto")
def influence(
    given: Given,
    model: Model,
    seed: Seed,
    step: Annotated[int | None, typer.Option(help="One checkpoint alone.")] = None,
) -> None:
    """Influence between token classes at every measured checkpoint of one run."""
    from stagewise.tasks.language.influence import estimate
    from stagewise.tasks.language.run import LanguageRun

    settings = model_of(given, model)
    if step is not None:
        given.perform("language_influence_step", "sampling", model=model, seed=seed, step=step)
        return
    if not settings.jobs_by_checkpoint:  # else the work was done in its jobs
        run = LanguageRun(
            given.config, given.paths, model, seed,
            threads=given.threads, device=device_named(given.device),
        )  # fmt: skip
        logging.info(estimate(run))
    given.perform("language_influence", "sampling", model=model, seed=seed)


@command(language, "localisation", threads=1, device="auto")
def localisation(given: Given, model: Model) -> None:
    """Sampled class influence against its limit of strong localisation, on the first run."""
    model_of(given, model)
    given.perform("language_localisation", "sampling", model=model)


@command(language, "landmarks", device="auto")
def landmarks(given: Given, model: Model, seed: Seed) -> None:
    """Landmarks of one run at every checkpoint."""
    model_of(given, model)
    given.perform("language_landmarks", model=model, seed=seed)


@command(language, "upweighting", device="auto")
def upweighting(
    given: Given,
    model: Model,
    class_name: Annotated[str, typer.Argument(help="A class under upweighting.classes.")],
    seed: Seed,
) -> None:
    """Up-weight a class in windows of training, in one run."""
    known("class", class_name, model_of(given, model).upweighting.classes)
    how = {"model": model, "class_name": class_name, "seed": seed}
    given.perform("language_upweighting", "training", **how)


@command(language, "effects", device="auto")
def effects(given: Given, model: Model, seed: Seed) -> None:
    """Up-weight every class for a few steps from checkpoints of one run."""
    model_of(given, model)
    given.perform("language_effects", "training", model=model, seed=seed)


@command(language, "schedules", threads=1, device="auto")
def schedules(given: Given, model: Model, seed: Seed) -> None:
    """Spend extra weight evenly, in windows, or where influence says it helps, in one run."""
    if model_of(given, model).schedules is None:
        raise ConfigError(f"language.models.{model}.schedules = null: say what is to be tried")
    given.perform("language_schedules", "training", model=model, seed=seed)


@command(language, "run", threads=1, device="auto")
def run(given: Given, model: Model) -> None:
    """Every stage of one model, without Snakemake; a killed call goes on where it stopped."""
    from stagewise.tasks.everything import run_model

    settings = model_of(given, model)
    sampled = len(settings.measured) * settings.posterior.chains * settings.posterior.sgld_steps
    trained = 0 if settings.pretrained else settings.training.steps
    with progress_bar(model, settings.seeds * (sampled + trained)) as advance:
        run_model(
            given.config, given.paths, model,
            threads=given.threads, device=device_named(given.device), progress=advance,
        )  # fmt: skip


@command(language, "estimate", device="auto")
def estimate(given: Given) -> None:
    """Time and memory that sampling the pretrained models will take on this machine."""
    from stagewise.benchmarks.cost import estimates

    for line in estimates(given.config, device_named(given.device)):
        typer.echo(line)


@command(language, "corpus")
def corpus(
    given: Given,
    name: Annotated[str, typer.Argument(help="Its name under language.corpora.")],
) -> None:
    """Read natural text and cut it into tokens."""
    known("corpus", name, given.config.language.corpora)
    given.perform("language_corpus", corpus=name)
    typer.echo(f"wrote {given.paths.corpus(name)}")


@command(language, "manifest")
def manifest(given: Given) -> None:
    """Write anew the project's manifest of its dependencies' files, from what is installed."""
    from stagewise.tasks.language.corpus import write_manifest

    typer.echo(f"wrote {write_manifest()}")


@command(language, "classes")
def classes(
    given: Given,
    name: Annotated[str, typer.Argument(help="A corpus under language.corpora.")],
    passage: Annotated[
        Path | None, typer.Argument(help="A text file to label.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """The token classes of a corpus, or of a passage: counts, examples, overlaps."""
    from models.corpora.classes_page import passage_page
    from models.corpora.natural import load_text
    from stagewise.tasks.language.texts import is_made

    known("corpus", name, given.config.language.corpora)
    if not is_made(given.config, given.paths, name):
        folder = given.paths.corpus(name)
        raise ConfigError(f"{folder}: run `stagewise language corpus {name}` first")
    if passage is None:
        given.perform("language_classes", corpus=name)
        typer.echo(f"wrote {given.paths.classes_page(name)}")
        return
    text, words = load_text(given.paths.corpus(name)), passage.read_text(encoding="utf-8")
    page, absent = passage_page(given.config.language.corpora[name].classes, text, words)
    typer.echo(page)
    if absent:
        typer.echo(f"no token of class {', '.join(absent)} in {passage}")


@command(language, "fetch")
def fetch(
    given: Given,
    model: Model,
    step: Annotated[int, typer.Option(help="Training step of the checkpoint.")],
) -> None:
    """Fetch one checkpoint of a model that others trained."""
    from models.language.checkpoints import load_origin, step_folder

    settings, seed = model_of(given, model), given.config.seed
    if step not in settings.checkpoints:
        allowed = ", ".join(map(str, settings.checkpoints))
        raise ConfigError(f"step {step} of {model}: choose from {allowed}")
    given.perform("language_fetch", model=model, seed=seed, step=step)
    made = load_origin(step_folder(given.paths.language(model).seed(seed), step))
    typer.echo(f"{model} step{step}: commit {made['commit']}")


@command(language, "collect")
def collect(
    given: Given,
    model: Model,
    table: Annotated[str, typer.Argument(help="A table that all runs have a part of.")],
) -> None:
    """Put one table of all runs together."""
    model_of(given, model)
    given.perform("language_collect", model=model, table=table)


@command(language, "development")
def development(given: Given, model: Model) -> None:
    """Stage boundaries of every run, from its landmarks alone."""
    model_of(given, model)
    given.perform("language_development", model=model)


@command(language, "events")
def events(given: Given, model: Model) -> None:
    """Flips and peaks of class influence."""
    model_of(given, model)
    given.perform("language_events", model=model)


@command(language, "forecast")
def forecast(given: Given, model: Model) -> None:
    """Hold influence against the effects of the next steps."""
    model_of(given, model)
    given.perform("language_forecast", model=model)


SUMMARIES = {
    "races": "language_threshold_times", "localisation": "language_localisation_summary",
    "milestones": "language_milestones", "schedules": "language_schedule_differences",
}  # fmt: skip


@command(language, "summaries")
def summaries(
    given: Given,
    model: Model,
    which: Annotated[str, typer.Argument(help="races, localisation, milestones or schedules.")],
) -> None:
    """Means and intervals over runs."""
    model_of(given, model)
    known("summary", which, SUMMARIES)
    given.perform(SUMMARIES[which], model=model)


@command(language, "sizes")
def sizes(given: Given) -> None:
    """Class influence of all language models side by side, recorded ones too."""
    given.perform("language_sizes")


@command(language, "record")
def record(given: Given) -> None:
    """Keep the small tables of a finished full run in the repository."""
    from stagewise.provenance.recorded import record as keep

    for path in keep(given.config, given.paths):
        typer.echo(f"wrote {path}")
