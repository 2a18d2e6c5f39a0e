"""What a language task's result depends on beside its files, as plain values."""

from __future__ import annotations

from typing import Any

from stagewise.tasks.base import Job, seen
from stagewise.tasks.language.run import run_settings

SAMPLING = ("posterior", "evaluation_sequences")
MEASURED = (*SAMPLING, "measured")


def of_model(job: Job, *names: str) -> dict[str, Any]:
    """The named parts of a model's configuration, what its checkpoints depend on, and the classes
    of its text."""
    model = job.config.language.models[job.model]
    value = model.model_dump() | {"measured": model.measured}
    found: dict[str, Any] = {name: seen(value[name]) for name in names}
    found |= {"context": model.context, "tokens_per_step": model.tokens_per_step}
    text = job.config.language.text(job.model)
    return found | {
        "run": run_settings(job.config.language.model_dump(), job.model),
        "classes": None if text is None else text.model_dump()["classes"],
    }
