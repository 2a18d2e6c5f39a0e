"""Every stage and figure, in one process, on configurations off the beaten track.

Figures are drawn, but not stored in three formats: that costs more than all stages together.
"""

from __future__ import annotations

import json
import logging
import re
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from figures import of_room, scripts
from stagewise.config import load_config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table
from stagewise.tasks.everything import run_part
from stagewise.tasks.merge.figures import load_tables

pytestmark = pytest.mark.pipeline

TABLES, THEORY_TABLES = of_room("toy"), of_room("theory")

TINY = {
    "steps": 240,
    "checkpoint_every": 40,
    "seeds": 1,
    "removal_fractions": [0.5],
    "window_lengths": [20],
    "window_every": 40,
    "posterior": {"chains": 4, "draws": 40},
    "sweep": {
        "nbeta": [80.0],
        "gamma": [1000.0],
        "relative_step": [0.5],
        "time": 10.0,
        "chains": 4,
    },
}
# Two variants beside the toy: another tree, and an optimizer to compare with.
THEORY = {
    "shared": {"seeds": 1, "removal_fractions": [1.0], "steps": 120, "checkpoint_every": 40,
               "window_lengths": [20], "posterior": {"chains": 4, "draws": 20}},
    "hierarchies": {"depth_2": {"steps": 200, "hidden_width": 4}, "depth_4": None,
                    "unbalanced": None},
    "phases": {"weak": {"points": [0, 40], "burn_in": 1000, "kept_steps": 1000},
               "strong": {"points": [40], "burn_in": 500, "kept_steps": 500}},
    "what_if": {"sharpness": [1.0], "init_scale": [0.01], "learning_rate": [0.05]},
    "optimizers": {"momentum": None, "minibatch": None, "adam": {"steps": 80, "window_every": 40}},
}  # fmt: skip
NO_VARIANTS = {
    **THEORY,
    "hierarchies": dict.fromkeys(("depth_2", "depth_4", "unbalanced")),
    "optimizers": dict.fromkeys(("momentum", "minibatch", "adam")),
}
# Where the toy itself has a closed form and learns, its variants add nothing.
ALONE = ("aligned, unbalanced", "localisation too weak at the saddle")
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


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_figures_and_claims_come_out(name, tmp_path: Path, caplog):
    # Short chains do not mix, and say so; the point here is that nothing breaks and that claims
    # without evidence are not decided.
    toy = json.dumps({**TINY, **ODD[name]})
    theory = f"theory={json.dumps(NO_VARIANTS if name in ALONE else THEORY)}"
    config = load_config(settings=[f"results={tmp_path}", f"toy={toy}", theory, NO_LANGUAGE])
    with caplog.at_level(logging.WARNING):
        paths = Paths(config)
        run_part(config, paths, "all", leave_out=("draw", "theory_document", "explorer"))
    decided = json.loads(paths.claims.read_text())
    assert len(decided) == 15
    assert decided["C6"]["verdict"] == "not run"  # one setting is no sweep
    said = " ".join(c["measured"] + c["interval"] for c in decided.values())
    assert not re.search(r"\bnan", said), said
    for figure in (*TABLES, *THEORY_TABLES):
        drawn, picture = scripts()[figure].draw(load_tables(config, paths, figure)), BytesIO()
        drawn.savefig(picture, format="png", dpi=50)
        plt.close(drawn)
        assert len(picture.getvalue()) > 3000, figure
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
