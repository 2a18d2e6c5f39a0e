"""The trainings that theory is tried on: the toy itself and its variants with other hierarchies."""

from __future__ import annotations

import logging
from typing import Any

from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.tasks.base import Job

logger = logging.getLogger(__name__)

HOME = "toy"  # the configured hierarchy itself, beside the theory's variants
UNUSED = {"sweep", "limits", "focus"}  # of a variant: no task of it reads them


def hierarchies(config: Config) -> dict[str, ToyConfig]:
    """The toy itself and the variants with other hierarchies, those that theory covers; the
    others are left out, loudly."""
    found = {HOME: config.toy, **{name: config.variant(name) for name in config.theory.hierarchies}}
    for name, toy in found.items():
        if not toy.has_closed_form:
            logger.warning(
                "%s: theory needs gradient descent and a hidden unit per item (%d): left out",
                name, len(toy.tree.items),
            )  # fmt: skip
    return {name: toy for name, toy in found.items() if toy.has_closed_form}


def variant_settings(
    job: Job, *names: str, keys: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> list[Any]:
    """Settings of variants of the toy that change a number of theirs, all or some keys, and the
    seed."""
    found = {}
    for name in names:
        toy = job.config.variant(name).model_dump(exclude=UNUSED)
        del toy["posterior"]["memory_gib"]
        found[name] = {k: v for k, v in toy.items() if k in (keys or toy) and k not in without}
    return [found, job.config.seed]
