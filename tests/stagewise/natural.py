"""A tiny language model on the project's own sources, for tests."""

from __future__ import annotations

import json
from pathlib import Path

from stagewise.config import Config, load_config
from stagewise.paths import Paths
from stagewise.tasks.base import perform

MODEL, ELSEWHERE = "natural", "pythia_tiny"
HERE = Path(__file__).parents[2]
SETTINGS = {
    "corpus": "own",
    "context": 48,
    "network": {"architecture": "gpt_neox", "width": 16, "layers": 1, "rotary": 1.0},
    "training": {"steps": 16, "batch_size": 4, "checkpoint_every": 8, "learning_rate": 0.01,
                 "warmup": 2, "curve_every": 4, "gradient_clip": 1.0, "precision": "bfloat16"},
    "seeds": 1,
    "evaluation_sequences": 20,
    "landmark_sequences": 24,
    "measure_from": 4,
    "posterior": {"draws": 16, "burn_in": 2, "batch_size": 4},
    "localisations": [1e5, 1e6],
    "localisation_every": 2,
    "upweighting": {"classes": {"induction": {"threshold": 3.9, "window": 8, "until": 16}}},
    "forecast": {"every": 1, "horizons": [1, 2]},
    "shown_tokens": 30,
}  # fmt: skip


def configured(root: Path, *more: str, folder: Path = HERE / "models") -> tuple[Config, Paths]:
    """A model on the project's own sources."""
    text = {"folder": str(folder), "pattern": "*.py", "vocabulary": 300, "held_out": 0.3}
    config = load_config(
        settings=[
            f"results={root}",
            f"language.corpora={json.dumps({'sources': None, 'own': text})}",
            f"language.models={json.dumps({'controlled': None, MODEL: SETTINGS})}",
            *more,
        ]
    )
    return config, Paths(config)


def train_natural(root: Path, *more: str, folder: Path = HERE / "models") -> Path:
    """Corpus, checkpoints and learning curve, in `root`."""
    config, paths = configured(root, *more, folder=folder)
    perform("language_corpus", config, paths, corpus="own")
    perform("language_classes", config, paths, corpus="own")
    perform("language_train", config, paths, model=MODEL, seed=0)
    return root


def of_another(root: Path, *more: str) -> tuple[Config, Paths]:
    """A model "elsewhere": the checkpoints trained here, as if they were somebody's."""
    steps = [0, 4, 8, 16]
    settings = {
        **{k: v for k, v in SETTINGS.items() if k not in ("network", "training", "upweighting")},
        "pretrained": {
            "repository": "someone/tiny", "steps": steps,
            "local": str(root / "language" / MODEL / "seed0"), "tokens_per_step": 1000,
        },
        "forecast": None,
        "localisations": [],
        "jobs_by_checkpoint": True,
    }  # fmt: skip
    return configured(root, f"language.models={json.dumps({ELSEWHERE: settings})}", *more)
