"""What a stage does when a GPU's memory runs out: go on with less at once, or say what helps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # tasks are listed without torch
    from analysis.losses.tokens import LanguageModelLoss

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


@contextmanager
def fits_in_memory(model: str) -> Iterator[None]:
    """What a stage cannot do with one sequence at once either, said in its user's words.

    Raises:
        MemoryError: in place of the library's error.
    """
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            f"the GPU's memory does not hold {model} with one sequence at once: run this stage "
            "with --device cpu, or on a larger GPU. What is finished is kept"
        ) from error


def within_memory(run: Callable[[], Result], loss: LanguageModelLoss, model: str) -> Result:
    """Run it; where a GPU's memory does not do, again with half the sequences at once.

    Raises:
        MemoryError: it does not fit with one sequence either; names the settings that help.
    """
    import torch

    from models.language.chunks import fewer

    while True:
        try:
            return run()
        except torch.OutOfMemoryError as error:
            if loss.in_flight == 1:
                raise MemoryError(
                    f"the GPU's memory does not hold {model} with one evaluation sequence at once: "
                    f"lower language.models.{model}.posterior.memory_gib, run this stage with "
                    f"--device cpu, or lower language.models.{model}.posterior.batch_size (which "
                    "measures every checkpoint again)"
                ) from error
            loss.at_once = loss.in_flight = fewer(loss.in_flight, error)
            logger.warning(
                "to begin there, set language.models.%s.sequences_at_once = %d", model, loss.at_once
            )
