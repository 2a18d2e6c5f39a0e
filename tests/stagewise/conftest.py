"""The workflow, run once on a small configuration in a copy of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from stagewise.config import load_config
from stagewise.paths import Paths
from stagewise.root import ROOT
from tests.conftest import UNBALANCED

# A language of its own: three kinds of delimiters, 96 tokens, longer names; two runs.
HELD_OUT = {
    "grammar": {"words": 66, "name_symbols": 24, "delimiter_kinds": 3, "name_min": 4,
                "name_max": 6},
    "context": 40,
    "network": {"width": 16},
    "training": {"steps": 48, "batch_size": 8, "checkpoint_every": 8, "warmup": 4,
                 "curve_every": 4, "learning_rate": 0.01},
    "seeds": 2,
    "evaluation_sequences": 12,
    "landmark_sequences": 16,
    "measure_every": 8,
    "posterior": {"draws": 24, "burn_in": 4, "batch_size": 4},
    "localisations": [1e5, 1e6],
    "localisation_every": 4,
    "upweighting": {"classes": {"induction": {"threshold": 4.2, "window": 8, "until": 24},
                                "right_delimiter": None}},
    "forecast": {"every": 5, "horizons": [1, 3]},
    "schedules": {"renew_every": 12, "oracle_steps": 2},
}  # fmt: skip
# One small tree, and the two optimizers that differ most.
TINY_THEORY = {
    "shared": {
        "seeds": 2,
        "etas": [1.0],
        "steps": 120,
        "checkpoint_every": 20,
        "window_every": 40,
        "posterior": {"chains": 4, "draws": 40},
    },
    "hierarchies": {
        "depth_2": None,
        "depth_4": None,
        "unbalanced": None,
        "three": {"hierarchy": {"all": {"x": ["p", "q"], "r": None}}, "steps": 240},
    },
    "optimizers": {
        "momentum": None,
        "minibatch": None,
        "adam": {"steps": 80, "checkpoint_every": 20},
    },
    "phases": {
        "weak": {"points": [0, 40], "burn_in": 1000, "kept_steps": 1000},
        "strong": {"points": [40], "burn_in": 500, "kept_steps": 500},
    },
    "what_if": {"sharpness": [1.0], "init_scale": [0.01], "learning_rate": [0.05, 0.1]},
}
SMALL = {
    "results": "out put",  # a space: every path in a rule is quoted
    "seed": 11,
    "toy": {
        "hierarchy": UNBALANCED,
        "hidden_width": 24,
        "steps": 480,
        "checkpoint_every": 40,
        "seeds": 1,
        "etas": [1.0, 0.1],
        "window_lengths": [1, 40],
        "window_every": 40,
        "posterior": {"chains": 16, "draws": 100},
        "sweep": {"nbeta": [80.0], "gamma": [1000.0, 10000.0], "relative_step": [0.2, 0.5],
                  "time": 10.0, "seeds": 1},
    },
    "theory": TINY_THEORY,
    "language": {
        "models": {"controlled": None, "held_out": HELD_OUT},
        # What was not run stays, to be said so.
        "elsewhere": {"natural": None, "natural_small": None},
    },
}  # fmt: skip


# More estimators, one file each: they must come out at the other end, and nothing else is told.
ESTIMATOR = """
import numpy as np

from analysis.estimators.base import Estimator


class Added(Estimator):
    name, title, unit, says = "{name}", "{name}", "none", "Made up."
    models, needs = "toy", "{needs}"

    def compute(self, run):
        toy = run.checkpoints
        shape = (len(toy.steps), len(toy.items), len(toy.items))
        steps = np.array(toy.steps, float)[:, None, None]
        values = np.broadcast_to(np.sin(steps / 60) - 0.2, shape) * {scale}
        return self.of_items(values, toy)


ESTIMATOR = Added()
"""
OF_CLASSES = """
from analysis.estimators.base import Estimator


class Added(Estimator):
    name, title, unit, says = "echo", "echo", "none", "Made up."
    models, needs = "language", "draws"

    def compute(self, run):
        names = run.evaluation.class_names
        axes = {"variant": [0], "source": names, "target": names}
        values = run.limit[None] * 0 + (run.traces.mean() - 4.0)
        return self.array(values.numpy(), axes).assign_coords(
            n_pairs=(list(axes), run.n_pairs[None].numpy()),
            pairs=("variant", ["across_sequences"]),
            normalized=("variant", [False]),
        )


ESTIMATOR = Added()
"""
ADDED = {
    "echo": OF_CLASSES,
    "wave": ESTIMATOR.format(name="wave", needs="network", scale="1.0"),
    "spread": ESTIMATOR.format(name="spread", needs="draws", scale="float(run.traces.std())"),
}


@dataclass
class Run:
    """A copy of the repository, how to call its workflow, and what its first run said."""

    folder: Path
    config: Path
    said: str = ""

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        command += [] if "--configfile" in arguments else ["--configfile", str(self.config)]
        alone = {key: value for key, value in os.environ.items() if key != "MAKELEVEL"}
        done = subprocess.run(
            command, cwd=self.folder, env=alone, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done

    @property
    def paths(self) -> Paths:
        config = load_config([self.config])
        return Paths(config.model_copy(update={"results": str(self.folder / config.results)}))


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Run:
    """Everything computed once."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("models", "analysis", "figures", "stagewise", "workflow"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    for name, source in ADDED.items():
        (folder / "analysis" / "estimators" / f"{name}.py").write_text(source)
    shutil.copytree(ROOT / "recorded" / "cost", folder / "recorded" / "cost")
    config = folder / "small.yaml"
    config.write_text(yaml.safe_dump(SMALL))
    made = Run(folder, config)
    made.said = made.snakemake().stderr
    return made
