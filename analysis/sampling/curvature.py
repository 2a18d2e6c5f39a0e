"""Largest and smallest curvature of the mean loss at a checkpoint, without its Hessian."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

from analysis.sampling.sgld import LossFunction, Parameters

RELATIVE = 1e-2  # length of a difference of gradients, over that of the weights: kinks are smoothed
TOLERANCE = 0.02  # relative, of the curvatures


def extreme_curvatures(
    loss: LossFunction,
    parameters: Parameters,
    held: Parameters | None = None,
    *,
    seed: int = 0,
    most: int = 60,
) -> tuple[float, float]:
    """Largest and smallest eigenvalue of the Hessian of the mean loss, by Lanczos' method on
    central differences of gradients over a hundredth of the weights' length.

    Args:
        loss: (parameters, None) -> losses (1, samples).
        parameters: name -> (1, *shape), the checkpoint.
        held: name -> (1, *shape), given to the loss beside them.
        seed: of the first direction.
        most: iterations at most; each takes two gradients.

    Returns:
        largest, smallest: units of the loss per parameter squared. Where the iterations do not do,
        the best found: too small in size, never too large.

    Raises:
        ValueError: fewer than three parameters.
    """
    names, shapes = list(parameters), [a.shape for a in parameters.values()]
    start = torch.cat([a.detach().flatten() for a in parameters.values()])
    size, length = len(start), RELATIVE * max(float(start.norm()), 1e-3)
    if size < 3:
        raise ValueError(f"{size} parameters: at least 3")

    def gradient(flat: Tensor) -> Tensor:
        parts = flat.split([shape.numel() for shape in shapes])
        leaves = {
            name: part.view(shape).requires_grad_()
            for name, part, shape in zip(names, parts, shapes, strict=True)
        }
        value = loss({**leaves, **(held or {})}, None).mean()
        parts = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
        return torch.cat([part.flatten() for part in parts])

    def product(direction: np.ndarray) -> np.ndarray:
        along = torch.as_tensor(direction.reshape(-1)).to(start)
        along = along * (length / along.norm())
        change = gradient(start + along) - gradient(start - along)
        return (change / (2 * length) * float(np.linalg.norm(direction))).double().cpu().numpy()

    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    first = np.random.default_rng(seed).normal(size=size)
    found = []
    for which in ("LA", "SA"):
        try:
            values = eigsh(
                operator, k=1, which=which, v0=first, tol=TOLERANCE, maxiter=most,
                ncv=min(size, 12), return_eigenvectors=False,
            )  # fmt: skip
        except ArpackNoConvergence:
            along = first / np.linalg.norm(first)
            for _ in range(3):
                along = product(along)
                along /= np.linalg.norm(along)
            values = np.array([along @ product(along)])
        found.append(float(values[0]))
    return found[0], found[1]
