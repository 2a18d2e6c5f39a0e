"""Tables of all runs of a language model, as plain commands: `stagewise language ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.language_options import Model, known, open_model
from stagewise.cli.options import Files, Settings, load

table_commands = typer.Typer()


@table_commands.command("collect")
def collect_(
    model: Model,
    table: Annotated[str, typer.Argument(help="A table that all runs have a part of.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Put one table of all runs together."""
    from stagewise.tasks.language import collect

    config, paths, _ = open_model(model, configfile, set_)
    collect.run(config, paths, model, table)


@table_commands.command("development")
def development_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Stage boundaries of every run, from its landmarks alone."""
    from stagewise.tasks.language import development

    config, paths, _ = open_model(model, configfile, set_)
    development.run(config, paths, model)


@table_commands.command("events")
def events_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Flips and peaks of class influence."""
    from stagewise.tasks.language import events

    config, paths, _ = open_model(model, configfile, set_)
    events.run(config, paths, model)


@table_commands.command("forecast")
def forecast_(model: Model, configfile: Files = None, set_: Settings = None) -> None:
    """Hold influence against the effects of the next steps."""
    from stagewise.tasks.language import forecast

    config, paths, _ = open_model(model, configfile, set_)
    forecast.run(config, paths, model)


@table_commands.command("summaries")
def summaries_(
    model: Model,
    which: Annotated[str, typer.Argument(help="races, localisation or milestones.")],
    configfile: Files = None,
    set_: Settings = None,
) -> None:
    """Means and intervals over runs."""
    from stagewise.tasks.language import summaries

    config, paths, _ = open_model(model, configfile, set_)
    known("summary", which, summaries.SUMMARIES)
    summaries.run(config, paths, model, which)


@table_commands.command("sizes")
def sizes_(configfile: Files = None, set_: Settings = None) -> None:
    """Class influence of all language models side by side, recorded ones too."""
    from stagewise.tasks.language import sizes

    sizes.run(*load(configfile, set_))


@table_commands.command("record")
def record_(configfile: Files = None, set_: Settings = None) -> None:
    """Keep the small tables of a finished full run in the repository."""
    from stagewise.provenance.recorded import record

    for path in record(*load(configfile, set_)):
        typer.echo(f"wrote {path}")
