"""Independent blocks of draws, for standard errors by the jackknife."""

from __future__ import annotations

import numpy as np

MIN_BLOCKS = 16  # behind a standard error; chains are split where there are fewer


def jackknife_blocks(traces: np.ndarray) -> np.ndarray:
    """Cut traces into independent blocks for a delete-one-block jackknife.

    Blocks are whole chains; where there are fewer than `MIN_BLOCKS`, each chain is cut into equal
    stretches. Draws that do not fill a block are left out, from the start of the chain.

    Args:
        traces: (chains, draws, ...).

    Returns:
        (blocks, draws per block, ...), at least `MIN_BLOCKS` blocks.

    Raises:
        ValueError: a block would have fewer than two draws, or there are fewer than two blocks.

    Example:
        >>> jackknife_blocks(np.zeros((4, 100, 3))).shape
        (16, 25, 3)
    """
    chains, draws = traces.shape[:2]
    per_chain = 1 if chains >= MIN_BLOCKS else -(-MIN_BLOCKS // max(chains, 1))
    length = draws // per_chain
    if chains * per_chain < 2 or length < 2:
        raise ValueError(
            f"{chains} chains of {draws} draws: too few for a standard error "
            f"(at least {MIN_BLOCKS} blocks of 2 draws, after dropping diverged chains)"
        )
    used = traces[:, draws - per_chain * length :]
    return used.reshape(chains * per_chain, length, *traces.shape[2:])
