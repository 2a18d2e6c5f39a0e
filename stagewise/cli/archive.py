"""`stagewise archive`: the manifest of a finished run."""

from __future__ import annotations

import typer

from stagewise.cli.options import Given, command
from stagewise.cli.panels import UPKEEP

archive = typer.Typer()


@command(archive, "archive", panel=UPKEEP)
def write_archive(given: Given) -> None:
    """Write the manifest of a finished run, for an archive: what each file is, and what made it."""
    from stagewise.provenance.archive import write_manifest

    typer.echo(f"wrote {write_manifest(given.paths)}")
