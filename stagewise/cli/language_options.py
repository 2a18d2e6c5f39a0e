"""What the commands of language models share: their arguments, and checks of names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from stagewise.cli.options import Files, Settings, limit_threads, load
from stagewise.config import Config, ConfigError
from stagewise.config.language import LanguageModelConfig
from stagewise.paths import Paths

Model = Annotated[str, typer.Argument(help="Its name under language.models.")]
Seed = Annotated[int, typer.Option(help="Seed of the training run.")]


def open_model(
    model: str, files: Files, settings: Settings, threads: int = 1
) -> tuple[Config, Paths, LanguageModelConfig]:
    """Configuration, paths and settings of one model; a ConfigError if there is none such."""
    config, paths = load(files, settings)
    known("language model", model, config.language.models)
    limit_threads(threads)
    return config, paths, config.language.models[model]


def known(what: str, name: str, allowed: Iterable[str]) -> None:
    """A ConfigError that lists what is allowed, if `name` is not among it."""
    if name not in allowed:
        raise ConfigError(f"{what} {name!r}: choose one of {', '.join(allowed) or 'none'}")
