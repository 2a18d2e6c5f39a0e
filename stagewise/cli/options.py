"""Options that commands share, and what they do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from stagewise.config import Config, load_config
from stagewise.paths import Paths

Files = Annotated[
    list[Path] | None, typer.Option("--configfile", help="YAML laid over the defaults.")
]
Settings = Annotated[list[str] | None, typer.Option("--set", help="One key, as toy.steps=500.")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto: cuda where present.")]


def load(files: list[Path] | None, settings: list[str] | None) -> tuple[Config, Paths]:
    """The configuration and the file names that follow from it."""
    config = load_config(files or (), settings or ())
    return config, Paths(config)


@contextmanager
def progress_bar(title: str, total: float) -> Iterator[Callable[[int], None]]:
    """A progress bar with the time left, on standard error; nothing where that is a file."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)


def limit_threads(threads: int) -> None:
    """Let torch use so many threads."""
    import torch

    torch.set_num_threads(threads)


def device_named(name: str) -> str:
    """The device an option names."""
    import torch

    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"
