"""A small page of made-up tables, and a browser to open it in."""

from __future__ import annotations

import io
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

ITEMS = ("dog", "cat", "oak")
CLASSES = ("word", "induction", "left_delimiter")
STEPS = {"toy": (0, 20, 40, 60), "adam": (0, 8, 16)}
TOLD = {"this run": "toy", "setting learning_rate": "0.1"}
CHECKPOINTS = (0, 10, 100, 1000)
SHARPNESS, RATES = (0.8, 1.0, 1.25), (0.05, 0.1)


def banded(rows: list[dict], rng: np.random.Generator) -> pd.DataFrame:
    """The rows with a mean and a symmetric interval."""
    table = pd.DataFrame(rows)
    mean, half = rng.normal(0, 1e-3, len(table)), rng.uniform(1e-5, 1e-4, len(table))
    return table.assign(mean=mean, low=mean - half, high=mean + half)


def event(**told) -> dict:
    """An event with what every event has."""
    return {
        "experiment": "toy", "estimator": "bif", "source": "dog", "target": "cat",
        "kind": "flip", "step": 31.0, "ci_low": 25.0, "ci_high": 38.0,
        "direction": "to_harmful", "q_value": 0.01, "value": 0.0, **told,
    }  # fmt: skip


def toy_tables(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Two variants of the toy; the second has no event."""
    stage = {"theory_middle": 30.0, "knee": 20.0, "fastest": 30.0, "seed": 0}
    runs = [(v, s) for v, steps in STEPS.items() for s in steps]
    curves = [
        {"variant": v, "label": label, "step": s, "source": a, "target": b}
        for (v, s), label, a, b in product(runs, ("bif", "unrolled"), ITEMS, ITEMS)
    ]
    items = [{"variant": v, "seed": k, "step": s, "item": i}
             for (v, s), k, i in product(runs, (0, 1), ITEMS)]  # fmt: skip
    modes = [
        {"variant": v, "seed": 0, "step": s, "mode": m, "singular_value": 0.5 / (m + 1),
         "measured": s / 60, "theory": s / 50, "start": 5.0, "middle": 10.0, "end": 15.0,
         "theory_middle": 11.0}
        for (v, s), m in product(runs, (0, 1))
    ]  # fmt: skip
    transitions = [
        {"variant": v, "stage": name, "node": node, "depth": depth, "start": 4.0 + 9 * depth,
         "middle": 6.0 + 9 * depth, "end": 12.0 + 9 * depth, **stage}
        for v, (name, node, depth) in product(
            STEPS, (("animal | oak", "thing", 0), ("dog | cat", "animal", 1)))
    ]  # fmt: skip
    places = pd.DataFrame(items).query("seed == 0")
    peak = event(kind="peak", direction="maximum", step=44.0, ci_low=41.0, ci_high=50.0, value=2e-3)
    return {
        "toy.trajectories": banded(curves, rng),
        "toy.events": pd.DataFrame([{"variant": "toy", **e} for e in (event(), peak)]),
        "toy.transitions": pd.DataFrame(transitions),
        "toy.losses": pd.DataFrame(items).assign(loss=rng.uniform(0, 2, len(items))),
        "toy.modes": pd.DataFrame(modes),
        "toy.embedding": places.assign(x=rng.normal(size=len(places)),
                                       y=rng.normal(size=len(places))),
    }  # fmt: skip


def theory_tables(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Predictions on a small grid."""
    grid = [{"sharpness": a, "init_scale": 0.01, "learning_rate": b}
            for a, b in product(SHARPNESS, RATES)]  # fmt: skip
    pair = {"source": "dog", "target": "cat"}
    curves = [{**at, "theory": theory, **pair, "step": float(s)} for at, theory, s in product(
        grid, ("closed_form", "first_order"), (0, 30, 60))]  # fmt: skip
    events = [{**at, "theory": "first_order", **pair, "kind": "flip",
               "step": 20.0 * at["sharpness"] * 0.05 / at["learning_rate"],
               "direction": "to_harmful", "value": 0.0} for at in grid]  # fmt: skip
    stages = [{**at, "depth": 0, "stage": "animal | oak", "start": 5.0, "middle": 9.0, "end": 20.0}
              for at in grid]  # fmt: skip
    return {
        "theory.what_if": pd.DataFrame(curves).assign(influence=rng.normal(size=len(curves))),
        "theory.what_if_events": pd.DataFrame(events),
        "theory.what_if_stages": pd.DataFrame(stages),
    }


def language_tables(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """A model with three runs and a passage, and one with a run and none."""
    runs = [
        ("controlled", f"language/controlled{end}") for end in ("/seed0", "/seed1", "/seed2", "")
    ]
    runs += [("natural", "language/natural/seed0"), ("natural", "language/natural")]
    pairs = [(a, b) for i, a in enumerate(CLASSES) for b in CLASSES[i:]]
    curves = [
        {"model": m, "experiment": e, "label": label, "source": a, "target": b, "step": s}
        for (m, e), label, (a, b), s in product(runs, ("bif", "gradient"), pairs, CHECKPOINTS)
    ]
    half = {"start": 20.0, "middle": 60.0, "end": 200.0}
    ends = {f"{name}{end}": half[name] for name in half for end in ("", "_low", "_high")}
    learning = [
        {"model": m, "step": s, "group": g, "class": name, "loss": 30.0 + s / 100 + g, "tokens": 10,
         "seed": 0}
        for m, s, g, name in product(("controlled", "natural"), CHECKPOINTS, (0, 1), CLASSES)
    ]  # fmt: skip
    words = ("a", " b", "\n        ", "b")
    upper = rng.uniform(-1, 1, (len(CHECKPOINTS), 4, 4))
    both = (upper + upper.transpose(0, 2, 1)) / 2
    tokens = [
        {"model": "controlled", "source": i, "target": j, "text": words[j], "class": "word",
         "influence": both[k, i, j], "std_error": 0.05, "step": s, "seed": 0}
        for (k, s), i, j in product(enumerate(CHECKPOINTS), range(4), range(4))
    ]  # fmt: skip
    found = event(experiment="language/controlled", source="word", target="induction")
    return {
        "language.trajectories": banded(curves, rng),
        "language.events": pd.DataFrame([{"model": "controlled", **found}]),
        "language.transitions": pd.DataFrame(
            [{"model": m, "stage": "induction", "reference": "bigram", **ends, "seed": 0}
             for m in ("controlled", "natural")]),
        "language.learning": pd.DataFrame(learning),
        "language.token_influence": pd.DataFrame(tokens),
    }  # fmt: skip


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """All tables that the explorer reads."""
    rng = np.random.default_rng(0)
    return {**toy_tables(rng), **theory_tables(rng), **language_tables(rng)}


@pytest.fixture(scope="session")
def claims() -> dict[str, dict[str, str]]:
    """Three claims of either origin."""
    plain = {"predicted": "p < 0.05", "measured": "m", "interval": "[1, 2]", "reason": "because",
             "figure": "overview"}  # fmt: skip
    return {
        "C1": {"claim": "It flips", "origin": "paper", "verdict": "replicated", **plain},
        "C7 natural": {"claim": "It bends (natural)", "origin": "paper", "verdict": "not run",
                       **plain, "figure": "none"},
        "X1": {"claim": "It is <late>", "origin": "extension", "verdict": "partly", **plain},
    }  # fmt: skip


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """One picture of a few bytes."""
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "PNG")
    return {"overview": file.getvalue()}


@pytest.fixture(scope="session")
def html(tables, claims, pictures) -> str:
    """The page."""
    from figures.explorer import page

    return page(tables, claims, pictures, TOLD)


@pytest.fixture(scope="session")
def address(html, tmp_path_factory) -> str:
    """Where the page lies."""
    file = tmp_path_factory.mktemp("explorer") / "explorer.html"
    file.write_text(html, encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no browser: apt-get install chromium")
    with playwright.sync_playwright() as tool:
        running = tool.chromium.launch(
            executable_path=str(Path(path)), args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()
