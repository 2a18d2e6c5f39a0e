"""What a task's file needs: the decorator, the jobs there are, the settings a job depends on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.registry import PARTS, Found, Job, Task, TaskError, task, task_named, tasks

__all__ = [
    "PARTS", "Found", "Job", "Task", "TaskError", "chosen", "each_model", "each_run", "each_seed",
    "once", "perform", "seen", "task", "task_named", "tasks", "without_progress",
]  # fmt: skip

UNSEEN = {"memory_gib"}  # settings that change no number


def once(config: Config) -> list[dict[str, Any]]:
    """Jobs of a task that runs once."""
    return [{}]


def each_seed(config: Config) -> list[dict[str, Any]]:
    """One job per run of the toy."""
    return [{"seed": seed} for seed in config.toy_seeds]


def each_model(config: Config) -> list[dict[str, Any]]:
    """One job per language model."""
    return [{"model": model} for model in config.language.models]


def each_run(config: Config) -> list[dict[str, Any]]:
    """One job per training run of every language model."""
    return [
        {"model": model, "seed": seed}
        for model in config.language.models
        for seed in config.language_seeds(model)
    ]


def chosen(settings: Any, *keys: str) -> dict[str, Any]:
    """The values at dotted keys of a section, without what changes no number.

    Example:
        >>> from stagewise.config import Config
        >>> chosen(Config().toy, "learning_rate", "posterior.gamma")
        {'learning_rate': 0.05, 'posterior.gamma': 1000.0}
    """
    whole = settings.model_dump()
    found = {}
    for key in keys:
        value = whole
        for part in key.split("."):
            value = value[part]
        found[key] = seen(value)
    return found


def seen(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: seen(v) for k, v in value.items() if k not in UNSEEN}
    return value


def without_progress(job: Job) -> Job:
    """The same job, telling no one how far it is."""
    return replace(job, progress=None)


def perform(name: str, config: Config, paths: Paths, **options: Any) -> list[Path]:
    """Do one job of a task.

    Args:
        options: the task's wildcards, and threads, device and progress where they matter.

    Returns:
        the files it writes.

    Raises:
        TaskError: there is no such task, or a wildcard is missing or too many.
    """
    found = task_named(name)
    job = found.job(config, paths, **options)
    if set(job.wildcards) != set(found.wildcards):
        wanted = ", ".join(found.wildcards) or "none"
        raise TaskError(f"{name} has the wildcards {wanted}, not {', '.join(job.wildcards)}")
    found.run(job)
    return list(found.writes(job))
