"""What a stage does when a GPU's memory runs out: go on with less at once, or say what helps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from analysis.token_loss import LanguageModelLoss

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


@contextmanager
def fits_in_memory(model: str, *keys: str) -> Iterator[None]:
    """Turn a GPU's running out of memory into an error that names the settings that help.

    Raises:
        MemoryError: in place of the library's error.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        settings = ", ".join(f"language.models.{model}.{key}" for key in keys)
        raise MemoryError(
            f"the GPU's memory does not do for {model}: lower {settings}. What is finished is kept"
        ) from error


def within_memory(run: Callable[[], Result], loss: LanguageModelLoss, model: str) -> Result:
    """Run it; where a GPU's memory does not do, again with half the sequences at once.

    Raises:
        MemoryError: it does not fit with one sequence either; names the settings that help.
    """
    while True:
        try:
            return run()
        except torch.OutOfMemoryError as error:
            before = loss.in_flight
            if before == 1:
                raise MemoryError(
                    f"the GPU's memory does not hold {model} with one evaluation sequence at once: "
                    f"lower language.models.{model}.posterior.batch_size or memory_gib, or leave "
                    "token classes out (each costs a gradient)"
                ) from error
            loss.at_once = loss.in_flight = before // 2
            logger.warning(
                "out of GPU memory with %d sequences at once: going on with %d. To begin there, "
                "set language.models.%s.sequences_at_once = %d",
                before, loss.at_once, model, loss.at_once,
            )  # fmt: skip
            torch.cuda.empty_cache()
