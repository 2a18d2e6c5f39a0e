"""Influence between two items from singular values and shared directions alone."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import sympy
from sympy import Eq, Matrix

from analysis.theory.derivation import Derivation, Step, label
from analysis.theory.first_order import mode_pair_reaction
from analysis.theory.frechet import closed_reaction
from analysis.theory.mode_dynamics import s1, s2, sigma
from analysis.theory.modes import mode_strength
from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy
from models.toy.linear_network import mode_basis

EQUAL = 1e-9  # relative difference of singular values that counts as none


class Levels(NamedTuple):
    """Distinct singular values, and what each pair of items shares in their directions.

    Attributes:
        s: (levels,), singular values of the input-output covariance in decreasing order.
        shared: c = sum over the level's modes of v_p v_q, (levels, items, items): the entries of
            the level's projector, pure numbers.
    """

    s: np.ndarray
    shared: np.ndarray


def levels(targets: np.ndarray) -> Levels:
    """Levels of the input-output covariance of targets: modes of equal singular value as one.

    Args:
        targets: Y (features, items).

    Returns:
        the distinct singular values, and the projectors on their right singular spaces.

    Raises:
        ValueError: a singular value vanishes: that direction is never learnt.

    Example:
        >>> tree = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
        >>> levels(tree.targets()).s.round(4).tolist()
        [0.4841, 0.3307, 0.2165, 0.125]
    """
    _, s, V = mode_basis(targets)
    if s[-1] < 1e-12 * s[0]:
        raise ValueError(
            f"lowest singular value {s[-1]:.3g}: the theory needs every mode positive, so items "
            "must have linearly independent targets"
        )
    starts = [0, *(k for k in range(1, len(s)) if s[k - 1] - s[k] > EQUAL * s[0]), len(s)]
    groups = [slice(a, b) for a, b in pairwise(starts)]
    return Levels(
        np.array([s[group].mean() for group in groups]),
        np.array([V[:, group] @ V[:, group].T for group in groups]),
    )


def theory_influence(
    targets: np.ndarray,
    times: np.ndarray,
    initial: float,
    *,
    input_shift: bool = True,
    small_start: bool = False,
) -> np.ndarray:
    r"""Influence of first-order theory for all pairs, with no free parameter.

    $-\sum_{jk} c_j c_k (s_j/\sigma - G_j) D_{jk}$ over levels j, k, where D is the reaction of
    the map on an aligned path (see `mode_pair_reaction`).

    Args:
        targets: Y (features, items).
        times: increasing, learning rate x steps.
        initial: strength of every mode at time 0, > 0.
        input_shift: False leaves the input covariance as it is.
        small_start: True takes the closed form's reaction (no shift of the input covariance, and a
            start that turns with the singular basis) in place of the integrated one.

    Returns:
        (times, source, target), squared-error units per unit of sample weight. Negative: the source
        helps the target.

    Raises:
        ValueError: a singular value vanishes, or the initial strength is not positive.

    Source: `pairs_of_items`, step products.
    """
    found, input_variance = levels(targets), 1 / targets.shape[1]
    count, times = len(found.s), np.asarray(times, dtype=float)
    reaction = np.empty((len(times), count, count))
    for j in range(count):
        for k in range(j, count):
            pair = (found.s[j], found.s[k])
            if small_start:
                reaction[:, j, k] = closed_reaction(*pair, times, initial, input_variance)
                reaction[:, k, j] = closed_reaction(*pair[::-1], times, initial, input_variance)
            else:
                reaction[:, j, k], reaction[:, k, j] = mode_pair_reaction(
                    *pair, times, initial, input_variance, input_shift=input_shift
                )
    left = found.s / input_variance - mode_strength(
        found.s, times[:, None], initial, input_variance
    )
    c = found.shared
    return -np.einsum("jpq,tj,tjk,kpq->tpq", c, left, reaction, c, optimize=True)


def instantaneous(found: Levels, strengths: np.ndarray, input_variance: float) -> np.ndarray:
    r"""Influence at an instant, -g_p . g_q, between different items on an aligned path.

    $-\left(\sum_j c_j \rho_j^2\right)\left(\sum_k c_k G_k\right)$ with
    $\rho_j = s_j/\sigma - G_j$ what is left to learn.

    Args:
        found: levels of the targets.
        strengths: G of every level (..., levels), in the unit of the map.
        input_variance: sigma, 1/items.

    Returns:
        (..., source, target), squared-error units squared per parameter^2; negative: helps. The
        diagonal, where W1 counts too, is left at zero.

    Source: `pairs_of_items`, step instantaneous.
    """
    left = found.s / input_variance - strengths
    unlearnt = np.einsum("...j,jpq->...pq", left**2, found.shared)
    hidden = np.einsum("...j,jpq->...pq", strengths, found.shared)
    return -unlearnt * hidden * (1 - np.eye(found.shared.shape[-1]))


def _only_products_count() -> Step:
    size = 3
    v, w = (sympy.symbols(f"{x}_1:{size + 1}") for x in "vw")  # right singular vectors at p and q
    f, s = (sympy.symbols(f"{x}_1:{size + 1}") for x in "fs")
    D = Matrix(size, size, sympy.symbols(f"D_(1:{size + 1})(1:{size + 1})"))
    change = Matrix(size, size, lambda a, b: v[a] * v[b] * D[a, b])  # of the map, singular basis
    residual = Matrix([(f[a] - s[a] / sigma) * w[a] for a in range(size)])  # of item q
    influence = (residual.T * change * Matrix(w))[0]
    claimed = -sum(
        v[a] * w[a] * v[b] * w[b] * (s[a] / sigma - f[a]) * D[a, b]
        for a in range(size)
        for b in range(size)
    )
    return Step(
        "products",
        r"The influence is $(W x_q - y_q)^T\, dW\, x_q$. With $\rho_j = s_j/\sigma - G_j$, what is "
        r"left to learn of mode $j$, and $c_j = v_{pj} v_{qj}$, the products of right singular "
        "vectors are all that the two items contribute:",
        Eq(
            label(r"\mathrm{influence}(p \to q)"),
            label(r"-\sum_{j} \sum_{k} c_j\, c_k\, \rho_j\, D_{jk}"),
        ),
        (sympy.expand(influence - claimed),),
    )


def _level_counts_as_one() -> Step:
    angle = sympy.Symbol("theta", real=True)
    p1, p2, q1, q2 = sympy.symbols("v_p1 v_p2 v_q1 v_q2", real=True)
    turn = Matrix([[sympy.cos(angle), -sympy.sin(angle)], [sympy.sin(angle), sympy.cos(angle)]])
    p, q = turn * Matrix([p1, p2]), turn * Matrix([q1, q2])
    return Step(
        "levels",
        "Modes of equal singular value share one $G$ and one $D$, so only the sum of their $c$ "
        "counts: the entry of the level's projector, which does not depend on the basis chosen.",
        Eq(label(r"c_a"), label(r"\sum_{k \in a} v_{pk} v_{qk} = (\Pi_a)_{pq}")),
        (sympy.simplify((p.T * q)[0] - (p1 * q1 + p2 * q2)),),
    )


def _tree_symmetry() -> Step:
    tree = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
    targets = Matrix(tree.targets().astype(int))
    gram, identity = targets.T * targets, sympy.eye(8)
    values = sorted(gram.eigenvals())
    # Leaves, branches and halves exchanged: these generate every automorphism of the tree.
    swaps = [[1, 0, 2, 3, 4, 5, 6, 7], [2, 3, 0, 1, 4, 5, 6, 7], [4, 5, 6, 7, 0, 1, 2, 3]]
    left = []
    for order in swaps:
        rows = sorted(targets[:, order].tolist())  # Y R has the rows of Y in another order: R' Y
        left += list(Matrix(rows) - Matrix(sorted(targets.tolist())))
    for value in values:
        others = [x for x in values if x != value]
        projector = sympy.prod(
            ((gram - x * identity) / (value - x) for x in others), start=identity
        )
        for order in swaps:
            left += list(projector[order, :][:, order] - projector)
    R, Pi = sympy.MatrixSymbol("R", 8, 8), sympy.MatrixSymbol("Pi_a", 8, 8)
    return Step(
        "symmetry",
        r"An automorphism of the tree permutes the items ($R$) and the nodes ($R'$) with $Y R = R' "
        r"Y$, so it commutes with $Y^T Y$ and with the projectors of its levels. Pairs that it "
        "maps onto each other have equal $c$, and therefore one influence curve (claim X2). "
        "Proved here exactly for the default tree, its automorphisms and its projectors.",
        Eq(R.T * Pi * R, Pi, evaluate=False),
        tuple(left),
    )


def _instantaneous() -> Step:
    angle = sympy.Symbol("theta", real=True)
    b1, b2 = sympy.symbols("b_1 b_2", positive=True)  # roots of the strengths
    V = Matrix([[sympy.cos(angle), -sympy.sin(angle)], [sympy.sin(angle), sympy.cos(angle)]])
    W1, W2 = sympy.diag(b1, b2) * V.T, sympy.diag(b1, b2)
    Y = sympy.diag(s1, s2) / sigma * V.T
    error, hidden = W2 * W1 - Y, W1
    gradients = [error[:, i] * hidden[:, i].T for i in range(2)]  # of W2; those of W1 are apart
    inner = sum(x * y for x, y in zip(gradients[0], gradients[1], strict=True))
    c = [V[0, k] * V[1, k] for k in range(2)]
    left = [s1 / sigma - b1**2, s2 / sigma - b2**2]
    claimed = (c[0] * left[0] ** 2 + c[1] * left[1] ** 2) * (c[0] * b1**2 + c[1] * b2**2)
    return Step(
        "instantaneous",
        "Influence at an instant, $-g_p \\cdot g_q$ (strongly localised BIF, claim X5), is the "
        "likeness of what two different items have still to learn times the likeness of what the "
        "hidden layer has made of them. It flips sign when one of the two does: once the common "
        "branches are learnt, only what tells the items apart is left, and the first factor turns.",
        Eq(
            label(r"-g_p \cdot g_q"),
            label(r"-\left(\sum_j c_j \rho_j^2\right) \left(\sum_k c_k G_k\right)"),
        ),
        (sympy.simplify(inner - claimed),),
    )


def pairs_of_items() -> Derivation:
    """What two items contribute to their influence, and what the tree's symmetry makes equal.

    Returns:
        the steps products, levels, symmetry and instantaneous, not yet checked.

    Source: ours.
    """
    return Derivation(
        "Two items",
        (_only_products_count(), _level_counts_as_one(), _tree_symmetry(), _instantaneous()),
    )
