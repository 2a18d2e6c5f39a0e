"""What the shell offers for an argument: figures, models, parts; it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from figures import scripts
from stagewise.config import Config, ConfigError, load_config


def figures_for(incomplete: str) -> list[tuple[str, str]]:
    """Figures that begin so, with what they show."""
    found = [(name, script.shows) for name, script in scripts().items()]
    found.append(("all", "every figure of a recorded model"))
    return [each for each in found if each[0].startswith(incomplete)]


def models_for(ctx: typer.Context, incomplete: str) -> list[str]:
    """Language models that begin so, recorded ones too."""
    config = _config(ctx)
    return _starting((*config.language.models, *config.language.recorded), incomplete)


def run_models_for(ctx: typer.Context, incomplete: str) -> list[str]:
    """Language models of the configuration that begin so."""
    return _starting(_config(ctx).language.models, incomplete)


def parts_for(incomplete: str) -> list[str]:
    """Parts of the pipeline and tasks that begin so."""
    from stagewise.pages.rules import workflow_rules
    from stagewise.tasks.base import PARTS

    rules = (rule.name for rule in workflow_rules())  # read as text: no task is imported
    return _starting(dict.fromkeys((*PARTS, *rules)), incomplete)


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _config(ctx: typer.Context) -> Config:
    """The configuration typed so far; the default where it is not valid (yet)."""
    try:
        return load_config(ctx.params.get("configfile") or (), ctx.params.get("set_") or ())
    except ConfigError:
        return load_config()
