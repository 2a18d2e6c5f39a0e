"""Work on many sequences, as many at once as memory allows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


def in_chunks(run: Callable[[Tensor], Result], tokens: Tensor, most: int) -> Iterator[Result]:
    """Results on consecutive pieces of sequences; where a GPU's memory does not do, on half as
    many from there on.

    Args:
        run: tokens (sequences, time) -> result.
        tokens: ids (sequences, time).
        most: sequences at once, at least 1.

    Yields:
        results of the pieces, in order.

    Raises:
        OutOfMemoryError: one sequence does not fit either.
    """
    start = 0
    while start < len(tokens):
        part = tokens[start : start + most]
        try:
            result = run(part)
        except torch.OutOfMemoryError as error:
            most = fewer(len(part), error)
            continue
        start += len(part)
        yield result


def fewer(at_once: int, error: torch.OutOfMemoryError) -> int:
    """Half as many sequences, said in the log.

    Args:
        at_once: sequences that did not fit.
        error: that was met.

    Returns:
        the smaller number, at least 1.

    Raises:
        OutOfMemoryError: there was one sequence only; the error given.
    """
    if at_once == 1:
        raise error
    torch.cuda.empty_cache()
    half = (at_once + 1) // 2
    logger.warning("out of GPU memory with %d sequences at once: going on with %d", at_once, half)
    return half
