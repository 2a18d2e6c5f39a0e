"""Options that commands share, given to them by one decorator."""

from __future__ import annotations

import inspect
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from stagewise.config import Config, load_config, nested
from stagewise.paths import Paths
from stagewise.tasks.base import task_named

Files = Annotated[
    list[Path] | None, typer.Option("--configfile", help="YAML laid over the defaults.")
]
Settings = Annotated[list[str] | None, typer.Option("--set", help="One key, as toy.steps=500.")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto: cuda where present.")]
Seed = Annotated[int, typer.Option(help="Seed of the toy run.")]


@dataclass(frozen=True)
class Given:
    """What the shared options of a command say.

    Attributes:
        config, paths: of the run; threads, device: to compute with.
        files, settings: what --configfile and --set said, for commands to be advised.
    """

    config: Config
    paths: Paths
    threads: int
    device: str
    files: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()

    def stagewise(self, *words: str) -> str:
        """A command of this program on the same configuration, to be typed."""
        given = [word for file in self.files for word in ("--configfile", str(file))]
        given += [word for setting in self.settings for word in ("--set", setting)]
        return shlex.join(["stagewise", *words, *given])

    def snakemake(self, *targets: str) -> str:
        """A command of Snakemake on the same configuration, to be typed in the repository."""
        given = ["--configfile", *map(str, self.files)] if self.files else []
        if self.settings:
            given += ["--config", *map("=".join, _sections(self.settings))]
        separator = ["--"] if given else []
        return shlex.join(["snakemake", "--cores", "2", *given, *separator, *targets])

    def perform(self, name: str, title: str = "", **wildcards: Any) -> None:
        """Do one job of a task, with a progress bar where it says how far it is."""
        limit_threads(self.threads)
        found = task_named(name)
        job = found.job(self.config, self.paths, **wildcards)
        with progress_bar(title or name.replace("_", " "), found.total(job)) as advance:
            found.run(
                found.job(
                    self.config, self.paths, threads=self.threads,
                    device=device_named(self.device), progress=advance, **wildcards,
                )
            )  # fmt: skip


def _sections(settings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Settings as Snakemake takes them: keys of the top, with what lies below them as YAML."""
    for key, value in nested(settings).items():
        yield key, value if isinstance(value, str) else json.dumps(value)


def command(
    app: typer.Typer,
    name: str,
    *,
    threads: int | None = None,
    device: str | None = None,
    panel: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command with the shared options.

    The function's first argument is a `Given`; the others are its own arguments and options.

    Args:
        threads, device: defaults of these options; None: the command has no such option.
        panel: its group in the help, of `stagewise.cli.panels`.
    """
    shared: dict[str, tuple[Any, Any]] = {"configfile": (Files, None), "set_": (Settings, None)}
    if threads is not None:
        shared["threads"] = (Threads, threads)
    if device is not None:
        shared["device"] = (Device, device)

    def register(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        _, *own = inspect.signature(function).parameters.values()
        parameters = [p.replace(annotation=hints[p.name]) for p in own]
        parameters += [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=kind)
            for key, (kind, value) in shared.items()
        ]

        @wraps(function)
        def called(**options: Any) -> None:
            files, sets = options.pop("configfile") or (), options.pop("set_") or ()
            config = load_config(files, sets)
            how = options.pop("threads", 1), options.pop("device", "cpu")
            function(Given(config, Paths(config), *how, tuple(files), tuple(sets)), **options)

        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(name, rich_help_panel=panel)(called)
        return function

    return register


def task_command(app: typer.Typer, name: str, task: str, says: str, *, seed: bool = False) -> None:
    """Register a command that does one job of a task and no more.

    Args:
        app: where.
        name: of the command.
        task: its task.
        says: its help.
        seed: whether the job is that of one run, named by an option.
    """

    def of_run(given: Given, seed: Seed) -> None:
        given.perform(task, seed=seed)

    def whole(given: Given) -> None:
        given.perform(task)

    function = of_run if seed else whole
    function.__doc__ = says
    command(app, name)(function)


@contextmanager
def progress_bar(title: str, total: float) -> Iterator[Callable[[int], None] | None]:
    """A progress bar with the time left, on standard error; nothing where that is a file, or where
    nothing is counted."""
    from rich.console import Console
    from rich.progress import Progress

    if not total:
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(title, total=total)
        yield lambda done: bar.advance(shown, done)


def limit_threads(threads: int) -> None:
    """Let torch use so many CPU threads, without importing it: few stages need it, and it takes a
    second to import.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch is imported
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(threads)


def device_named(name: str) -> str:
    """The device an option names."""
    if name != "auto":
        return name
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
