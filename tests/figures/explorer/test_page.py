"""The explorer's page without a browser: what is in it, and what it says of what is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import figures.explorer
from analysis.tables.catalogue import CatalogueError, catalogue
from figures.explorer import READS, page
from figures.explorer.packing import pack, unpack
from figures.explorer.parts import Packed
from tests.figures.explorer.conftest import TOLD

HERE = Path(figures.explorer.__file__).parent
SCRIPT = HERE / "explorer.js"


class Links(HTMLParser):
    """Collects what a page would load, and the text of its packed tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.packed: dict[str, str] = {}
        self.into = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        told = dict(attrs)
        self.loads += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "poster")]
        self.into = told.get("id", "") if told.get("type") == "text/plain" else ""

    def handle_data(self, data):
        if self.into:
            self.packed[self.into] = self.packed.get(self.into, "") + data


def test_what_the_views_read_is_declared():
    assert len(READS) == 14
    assert set(READS) <= set(catalogue())


def test_the_page_is_small_and_loads_nothing(html):
    assert len(html.encode()) < 2e6  # the charts' library is 0.9 MB
    links = Links(html)
    assert len(links.loads) > 5
    assert all(at.startswith(("#", "data:")) for at in links.loads)
    assert not links.tags & {"iframe", "object", "embed", "base"}
    ours = "".join(p.read_text(encoding="utf-8") for p in HERE.glob("explorer.*"))
    assert not re.search(r"https?://|@import|\bfetch\(|XMLHttpRequest|WebSocket", ours)


def test_our_script_is_short_and_sound():
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    assert '"use strict";' in text
    assert not re.search(r"\bvar\b|[^=!]==[^=]|\beval\b|innerHTML|console\.", text)
    assert max(map(len, text.splitlines())) <= 120
    if shutil.which("node"):
        subprocess.run(["node", "--check", SCRIPT], check=True)


def test_numbers_in_the_page_are_those_of_the_tables(html, tables):
    packed = Links(html).packed
    curves = tables["toy.trajectories"]
    for variant in ("toy", "adam"):
        found = unpack(packed[f"toy.curves/{variant}"])
        wanted = curves[curves["variant"] == variant].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            found[["label", "source", "target", "step"]],
            wanted[["label", "source", "target", "step"]], check_dtype=False,
        )  # fmt: skip
        np.testing.assert_allclose(found["mean"], wanted["mean"], rtol=5.1e-5)
        for end in ("low", "high"):
            half = (wanted["high"] - wanted["low"]) / 2
            away = 5.1e-3 * half + 5.1e-5 * wanted["mean"].abs()
            assert ((found[end] - wanted[end]).abs() <= away).all()
    losses = unpack(packed["toy.losses/toy"]).set_index(["step", "item"])["loss"]
    mean = tables["toy.losses"].query("variant == 'toy'").groupby(["step", "item"])["loss"].mean()
    np.testing.assert_allclose(losses.sort_index(), mean.sort_index(), rtol=5.1e-5)


def test_intervals_that_are_not_symmetric_and_what_is_not_known_are_kept():
    rows = pd.DataFrame(
        {"part": ["a", "a", "b"], "mean": [1.0, -2e-7, 3.0], "low": [0.5, -3e-7, np.nan],
         "high": [2.0, 5e-7, np.nan], "word": ["x", "y", "x"], "other": [np.nan, 0.123456, 1e6]}
    )  # fmt: skip
    parts = pack(Packed(rows, "part", {"other": 2}))
    assert [*parts] == ["a", "b"]
    first, second = (unpack(text) for text in parts.values())
    np.testing.assert_allclose(first["low"], [0.5, -3e-7])
    np.testing.assert_allclose(first["high"], [2.0, 5e-7])
    assert [*first["word"]] == ["x", "y"]
    assert np.isnan(first["other"][0])
    assert first["other"][1] == 0.12
    assert [*second["mean"]] == [3.0]
    assert second[["low", "high"]].isna().all(axis=None)


def test_the_same_tables_give_the_same_bytes(html, tables, claims, pictures):
    assert page(tables, claims, pictures, TOLD) == html
    assert "<li>this run: toy</li>" in html
    assert "setting learning_rate" not in html


def test_a_missing_table_is_a_sentence(tables, claims):
    # One view loses all tables but its first, one its first, one single tables.
    gone = {"toy": {*READS} - {"toy.trajectories"}, "theory": {"theory.what_if"},
            "language": {"language.learning", "language.token_influence"}}  # fmt: skip
    left = {key: table for key, table in tables.items() if key not in gone[key.partition(".")[0]]}
    text = page(left, claims, {}, {})
    for room, names in (
        ("toy", ("events", "transitions", "losses", "modes", "embedding")),
        ("theory", ("what_if",)),
        ("language", ("learning", "token_influence")),
    ):
        for name in names:
            assert f"The table <code>{room}.{name}</code> is not there here;" in text
        assert f"<code>.venv/bin/snakemake --cores 2 {room}</code> makes it" in text
    assert "toy.trajectories</code> is not there here" not in text
    assert "The figure <code>overview</code> is not drawn here." in text


def test_nothing_at_all_is_four_views_of_sentences():
    text = page({}, {}, {}, {})
    for key in ("toy.trajectories", "theory.what_if", "language.trajectories"):
        assert f"<code>{key}</code>" in text
    assert "No claim is decided here" in text


def test_a_table_that_is_not_as_declared_is_named(tables, claims):
    curves = tables["toy.trajectories"]
    for spoilt, word in (
        (curves.drop(columns="mean"), "mean"),
        (curves.drop(columns="variant"), "variant"),
        (curves.assign(mean=np.nan), "mean has NaN"),
    ):
        with pytest.raises(CatalogueError, match=rf"toy\.trajectories.*{word}"):
            page({**tables, "toy.trajectories": spoilt}, claims, {}, {})


def test_what_others_wrote_is_text_and_no_markup(html):
    assert "It is &lt;late&gt;" in html
    assert "It is <late>" not in html


def test_the_files_of_the_page_are_found_beside_the_package():
    import tomllib

    root = HERE.parents[1]
    told = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {path.suffix for path in HERE.iterdir() if path.suffix in (".js", ".css", ".html")}
    kept = told["tool"]["setuptools"]["package-data"]["figures.explorer"]
    assert {Path(pattern).suffix for pattern in kept} == wanted
