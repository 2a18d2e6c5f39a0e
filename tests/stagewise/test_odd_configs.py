"""Every stage and figure, in one process, on configurations off the beaten track."""

from __future__ import annotations

import json
import logging
import re
import shutil
from pathlib import Path

import pytest

from figures import of_room, scripts
from figures.style.common import save
from stagewise.config import Config, load_config
from stagewise.paths import EXACT, Paths
from stagewise.provenance.store import read_table
from stagewise.tasks import claims
from stagewise.tasks.figure import load_tables
from stagewise.tasks.theory import (
    closed_form_error,
    optimizers,
    phases,
    theory_document,
    times,
    variant,
)
from stagewise.tasks.toy import (
    bif,
    collect,
    events,
    exact,
    learning,
    limits,
    sweep,
    train,
    window_curves,
    windows,
)

TABLES, THEORY_TABLES = of_room("toy"), of_room("theory")
LANGUAGE_TABLES, ACROSS_TABLES = of_room("language"), of_room("across")
IN_DOCUMENT = ("stages_of_learning", *THEORY_TABLES)

TINY = {
    "steps": 240,
    "checkpoint_every": 40,
    "seeds": 1,
    "etas": [0.5],
    "window_lengths": [20],
    "window_every": 40,
    "posterior": {"chains": 4, "draws": 40},
    "sweep": {"nbeta": [80.0], "gamma": [1000.0], "relative_step": [0.5], "draws": 20, "chains": 4},
}
# Two variants beside the toy: another tree, and an optimizer to compare with.
THEORY = {
    "shared": {"seeds": 1, "etas": [1.0], "steps": 120, "checkpoint_every": 40,
               "window_lengths": [20], "posterior": {"chains": 4, "draws": 20}},
    "hierarchies": {"depth_2": {"steps": 200, "hidden_width": 4}, "depth_4": None,
                    "unbalanced": None},
    "optimizers": {"momentum": None, "minibatch": None, "adam": {"steps": 80, "window_every": 40}},
}  # fmt: skip
ELSEWHERE = ", ".join(f"{name}: null" for name in load_config().language.elsewhere)
NO_LANGUAGE = f"language={{models: {{controlled: null}}, elsewhere: {{{ELSEWHERE}}}}}"
ODD = {
    "two items, adam": {
        "hierarchy": {"a": None, "b": None}, "optimizer": "adam", "learning_rate": 0.005,
        "hidden_width": 3,
    },
    "a chain node, three children, momentum, two seeds": {
        "hierarchy": {"top": {"only": {"x": ["p", "q", "r"], "y": "s"}}},
        "optimizer": "momentum", "learning_rate": 0.01, "seeds": 2,
    },
    "aligned, unbalanced": {
        "hierarchy": {"l": {"m": {"n": ["a", "b"], "c": None}}, "d": None},
        "initialisation": "aligned", "init_scale": 0.03,
    },
    "hidden layer too narrow, nothing learnt": {"hidden_width": 3, "steps": 40,
                                                "checkpoint_every": 20},
    "equal singular values but one, mini-batches": {
        "hierarchy": {"all": ["a", "b", "c"]}, "batch_size": 2, "seeds": 2,
    },
    "localisation too weak at the saddle": {
        "posterior": {"chains": 4, "draws": 40, "gamma": 20.0, "step_size": 1e-3},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def two_phases(tmp_path_factory) -> Path:
    """The tables on phases, which depend on nothing but the seed."""
    paths = Paths(tmp_path_factory.mktemp("phases"))
    phases.run(load_config(), paths.theory("phases"), paths.theory("phases_sampled"))
    return paths.root / "theory"


def run_theory(config: Config, paths: Paths, two_phases: Path) -> None:
    """The theory's stages but the document."""
    shutil.copytree(two_phases, paths.root / "theory")
    for name in config.variants:
        variant.run(config, name, paths.variant(name))
    outputs = (paths.theory(name) for name in ("closed_form_error", "closed_form_curves"))
    closed_form_error.run(config, *outputs)
    times.run(config, paths)
    optimizers.run(config, paths)


def run_everything(config: Config, two_phases: Path) -> Paths:
    """All stages in the order of the workflow, then every figure."""
    paths = Paths(config)
    for seed in config.toy_seeds:
        checkpoints = paths.checkpoints(seed)
        train.run(config, seed, checkpoints)
        bif.run(config, checkpoints, paths.estimator("bif", seed), paths.part("diagnostics", seed))
        for name in EXACT:
            exact.run(config, name, checkpoints, paths.estimator(name, seed))
        windows.run(config, checkpoints, paths.part("windows", seed))
        limits.run(config, checkpoints, paths.part("limits", seed))
    seeds = config.toy_seeds
    parts = [paths.estimator(name, seed) for name in ("bif", *EXACT) for seed in seeds]
    collect.run(config, parts, paths.influence)
    for name in ("diagnostics", "windows", "limits"):
        collect.run(config, [paths.part(name, seed) for seed in seeds], paths.whole(name))
    references = [paths.estimator(name, config.seed) for name in ("unrolled", "loo")]
    sweep.run(config, paths.checkpoints(config.seed), references, paths.whole("sweep"))
    outputs = {name: paths.whole(name) for name in learning.OUTPUTS}
    learning.run(config, [paths.checkpoints(seed) for seed in seeds], outputs)
    events.run(config, paths.influence, paths.whole("events"), paths.whole("trajectories"))
    names = ("windows", "trajectories", "limits", "window_curves", "limit_errors")
    window_curves.run(config, *(paths.whole(name) for name in names))
    run_theory(config, paths, two_phases)
    claims.run(config, paths)
    for name in (*TABLES, *THEORY_TABLES):
        figure = scripts()[name].draw(load_tables(config, paths, name))
        save(figure, paths.figures / name)
    theory_document.run(config, paths)
    return paths


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_figures_and_claims_come_out(name, tmp_path: Path, caplog, two_phases):
    # Short chains do not mix, and say so; the point here is that nothing breaks and that claims
    # without evidence are not decided.
    toy = json.dumps({**TINY, **ODD[name]})
    theory = f"theory={json.dumps(THEORY)}"
    config = load_config(settings=[f"results={tmp_path}", f"toy={toy}", theory, NO_LANGUAGE])
    with caplog.at_level(logging.WARNING):
        paths = run_everything(config, two_phases)
    decided = json.loads(paths.claims.read_text())
    assert len(decided) == 13
    assert decided["C6"]["verdict"] == "not run"  # one setting is no sweep
    said = " ".join(c["measured"] + c["interval"] for c in decided.values())
    assert not re.search(r"\bnan", said), said
    for figure in (*TABLES, *THEORY_TABLES):
        assert (paths.figures / f"{figure}.png").stat().st_size > 3000
    for path in (paths.root / "theory").glob("*.parquet"):
        times_of_stages = path.stem == "optimizer_stages"  # of what is not learnt
        assert times_of_stages or not read_table(path).isna().any(axis=None), path.name
    if config.toy.optimizer != "gradient_descent":
        assert decided["X5"]["verdict"] == "not run"
        assert "closed_form assumes gradient_descent" in caplog.text
    if "too weak" in name:
        assert "gamma must exceed" in caplog.text
    if "nothing learnt" in name:
        assert {decided[c]["verdict"] for c in ("C1", "C3", "C4", "X1")} == {"not run"}
