"""What theory predicts where the hierarchy, the start or the learning rate were others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.statistics.crossings import rise_times
from analysis.theory.learnt_map import progress, theory_maps
from analysis.theory.pairs import theory_influence
from analysis.theory.predicted_times import events_of, expected_strength
from models.toy.hierarchy import Hierarchy, stage_name
from models.toy.linear_network import mode_basis

THEORIES = {"closed_form": True, "first_order": False}  # by whether the start is taken as small
MARGIN = 1.2  # times the end of the last stage, that a curve goes on
MOST = 2000  # points at which a curve is computed at most
SETTING = ["sharpness", "init_scale", "learning_rate"]
PAIR = ["theory", "source", "target"]
EVENT = [*PAIR, "kind", "step", "direction", "value"]
STAGE = ["depth", "stage", "start", "middle", "end"]
TABLES = {
    "what_if": [*SETTING, *PAIR, "step", "influence"],
    "what_if_events": [*SETTING, *EVENT],
    "what_if_stages": [*SETTING, *STAGE],
}
TIMES = {"what_if": ["step"], "what_if_events": ["step"], "what_if_stages": STAGE[2:]}


class Home(NamedTuple):
    """The training that the grid lies around.

    Attributes:
        tree: the hierarchy.
        focus: a source, then its targets.
        hidden_width: hidden units.
        initialisation: random or aligned.
        learning_rate, init_scale: those of the training itself.
        steps: training steps.
        checkpoint_every: steps between checkpoints.
        resolution: share of a curve's largest size below which nothing is an event.
        sign_level: at which a sign is sure, as for measured events.
    """

    tree: Hierarchy
    focus: tuple[str, ...]
    hidden_width: int
    initialisation: str
    learning_rate: float
    init_scale: float
    steps: int
    checkpoint_every: int
    resolution: float = 1e-3
    sign_level: float = 0.05


class Grid(NamedTuple):
    """Values that are combined; the training's own are added where they are missing.

    Attributes:
        sharpness: of the hierarchy, see `sharp_targets`; 1: as it is.
        init_scale: standard deviations of a weight at step 0.
        learning_rate: of training.
    """

    sharpness: Sequence[float]
    init_scale: Sequence[float]
    learning_rate: Sequence[float]

    def around(self, home: Home) -> Grid:
        """The grid with the training itself on it, every list sorted.

        Args:
            home: the training.

        Returns:
            the grid.
        """
        own = (1.0, home.init_scale, home.learning_rate)
        return Grid(*(sorted({*map(float, v), x}) for v, x in zip(self, own, strict=True)))


def sharp_targets(tree: Hierarchy, sharpness: float) -> np.ndarray:
    r"""Targets in which the feature of a node at depth d has size sharpness^-d in place of 1.

    Above 1 what is told apart deep in the tree weighs less, so that its modes are weaker and
    learnt later: the stages spread apart. Below 1 they draw together.

    Args:
        tree: the hierarchy.
        sharpness: positive; 1 gives `tree.targets()`.

    Returns:
        Y (features, items).

    Raises:
        ValueError: the sharpness is not positive.

    Example:
        >>> tree = Hierarchy.from_mapping({"animal": ["dog", "cat"]})
        >>> sharp_targets(tree, 2.0).tolist()
        [[1.0, 1.0], [0.5, 0.0], [0.0, 0.5]]
    """
    if not sharpness > 0:
        raise ValueError(f"sharpness {sharpness:.3g}: features of a node have a positive size")
    sizes = [float(sharpness) ** -tree.depth(node) for node in tree.root.walk()]
    return tree.targets() * np.array(sizes)[:, None]


def steps_until_learnt(home: Home, targets: np.ndarray, strength: float) -> np.ndarray:
    """Steps, at the training's own learning rate, at which curves are computed: as far apart as
    those of `analysis.theory.times_table.predictions`, until the training ends and every mode is
    nine tenths learnt, with a margin; farther apart where these would be too many.

    Args:
        home: the training.
        targets: Y (features, items).
        strength: of a mode at step 0.

    Returns:
        (steps,) from 0.
    """
    _, s, _ = mode_basis(targets)
    left = np.maximum(s * targets.shape[1] / strength - 1, 1 / 9)  # 1/9: nine tenths at the start
    learnt = float(((np.log(left) + np.log(9)) / (2 * s)).max()) / home.learning_rate
    last = max(home.steps, int(np.ceil(MARGIN * learnt)))
    apart = max(1, home.checkpoint_every // 4, -(-last // MOST))
    return np.arange(0, last + 1, apart)


def what_if_tables(home: Home, grid: Grid, points: int) -> dict[str, pd.DataFrame]:
    """Predicted curves, events and stages of the focus pairs at every setting of a grid.

    Theory knows learning rate x step alone, so a curve is computed once for all learning rates and
    its steps are scaled.

    Args:
        home: the training.
        grid: settings; the training's own are added.
        points: steps of a curve that are kept, at most; events and stages are found before.

    Returns:
        tables `theory.what_if`, `theory.what_if_events` and `theory.what_if_stages` by name.
        Influence in squared-error units per unit of sample weight, negative: helps.
    """
    grid = grid.around(home)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for sharpness, init_scale in product(grid.sharpness, grid.init_scale):
        found = _at(home, sharpness, init_scale, points)
        for rate, (name, table) in product(grid.learning_rate, found.items()):
            scaled = table.assign(
                sharpness=sharpness,
                init_scale=init_scale,
                learning_rate=rate,
                **{time: table[time] * (home.learning_rate / rate) for time in TIMES[name]},
            )
            parts[name].append(scaled[TABLES[name]])
    return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}


def _at(home: Home, sharpness: float, init_scale: float, points: int) -> dict[str, pd.DataFrame]:
    """The three tables of one hierarchy and start, at the training's own learning rate."""
    targets = sharp_targets(home.tree, sharpness)
    strength = expected_strength(init_scale, home.hidden_width, home.initialisation)
    steps = steps_until_learnt(home, targets, strength)
    times = steps * home.learning_rate
    curves, events = [], []
    for theory, small in THEORIES.items():
        values = theory_influence(targets, times, strength, small_start=small)
        curves += list(_curves(home, theory, steps, values, points))
        events += list(_events(home, theory, steps, values))
    maps = theory_maps(targets, times, strength)
    stages = []
    for node in home.tree.distinctions():
        rise = rise_times(steps, progress(maps, targets, home.tree.contrasts(node)))
        stages.append((home.tree.depth(node), stage_name(node), *rise))
    return {
        "what_if": pd.concat(curves),
        "what_if_events": pd.DataFrame(events, columns=EVENT),
        "what_if_stages": pd.DataFrame(stages, columns=STAGE),
    }


def _curves(
    home: Home, theory: str, steps: np.ndarray, values: np.ndarray, points: int
) -> Iterator[pd.DataFrame]:
    kept = slice(None, None, -(-len(steps) // points))
    source, *targets = home.focus
    for target in targets:
        curve = values[kept, home.tree.items.index(source), home.tree.items.index(target)]
        yield pd.DataFrame(
            {
                "theory": theory,
                "source": source,
                "target": target,
                "step": steps[kept].astype(float),
                "influence": curve,
            }
        )


def _events(
    home: Home, theory: str, steps: np.ndarray, values: np.ndarray
) -> Iterator[tuple[str, str, str, str, float, str, float]]:
    source, *targets = home.focus
    pairs = {(source, target) for target in targets}
    found = events_of(values, steps, home.tree, home.resolution, home.sign_level, pairs)
    for (_, target), events in found.items():
        for event in events:
            yield theory, source, target, event.kind, event.step, event.direction, event.value
