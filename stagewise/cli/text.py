"""Natural text and models that others trained, as plain commands: `stagewise language ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stagewise.cli.language_options import Model, known, open_model
from stagewise.cli.options import Files, Settings, load
from stagewise.config import ConfigError

text_commands = typer.Typer()


@text_commands.command("corpus")
def corpus_(
    name: Annotated[str, typer.Argument(help="Its name under language.corpora.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Read natural text and cut it into tokens."""
    from stagewise.tasks.language import corpus

    config, paths = load(configfile, set_)
    known("corpus", name, config.language.corpora)
    corpus.run(config, paths, name)
    typer.echo(f"wrote {paths.corpus(name)}")


@text_commands.command("manifest")
def manifest_() -> None:
    """Write anew the project's manifest of its dependencies' files, from what is installed."""
    from stagewise.tasks.language import corpus

    typer.echo(f"wrote {corpus.write_manifest()}")


@text_commands.command("classes")
def classes_(
    name: Annotated[str, typer.Argument(help="A corpus under language.corpora.")],
    passage: Annotated[
        Path | None, typer.Argument(help="A text file to label.", exists=True, dir_okay=False)
    ] = None,
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """The token classes of a corpus, or of a passage: counts, examples, overlaps."""
    from models.corpora.natural import load_text
    from stagewise.tasks.language import corpus

    config, paths = load(configfile, set_)
    known("corpus", name, config.language.corpora)
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


@text_commands.command("fetch")
def fetch_(
    model: Model,
    step: Annotated[int, typer.Option(help="Training step of the checkpoint.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Fetch one checkpoint of a model that others trained."""
    from stagewise.tasks.language import fetch

    config, paths, settings = open_model(model, configfile, set_)
    if step not in settings.checkpoints:
        allowed = ", ".join(map(str, settings.checkpoints))
        raise ConfigError(f"step {step} of {model}: choose from {allowed}")
    typer.echo(f"{model} step{step}: commit {fetch.run(config, paths, model, step)}")
