"""Links of the repository as links of the site, and docstrings as Sphinx reads them."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from stagewise.site.docstrings import as_restructured
from stagewise.site.links import place, relinked


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("docs/claims.md", "claims.md"),
        ("README.md", "index.md"),
        ("notebooks/01_a.ipynb", "tutorials/01_a.ipynb"),
        ("notebooks", "index.md"),
        ("analysis/sampling", "api/analysis.sampling.md"),
        ("analysis/sampling/__init__.py", "api/analysis.sampling.md"),
        ("models/settings.py", "api/models.settings.md"),
        ("workflow/config/laptop.yaml", "files/workflow/config/laptop.yaml"),
        ("stagewise/config/toy.py", "files/stagewise/config/toy.py"),
        ("config/README.md", "files/config/README.md.txt"),
        ("recorded/cost", "reference/recorded.md"),
        ("recorded/natural/token_classes.md", "reference/recorded-natural-token_classes.md"),
        ("analysis/theory", "explanation/derivations.md"),
        ("workflow", None),
    ],
)
def test_where_a_path_of_the_repository_lies(path, there):
    found = place(PurePosixPath(path))
    assert (None if found is None else str(found)) == there


def test_links_are_those_of_the_site_and_code_is_left_alone():
    used = []
    text = (
        "[a](../../analysis/losses/toy.py) [`b`](../claims.md#c1) [c](https://x.y/z)\n"
        "![p](../pictures/o.png)\n"
        "[d](../../workflow) `[e](../claims.md)` [two\nlines](extend.md#a-claim)\n"
        "```\n[f](../claims.md)\n```\n"
    )
    assert relinked(text, PurePosixPath("docs/how-to/x.md"), used.append) == (
        "[a](../api/analysis.losses.toy.md) [`b`](../claims.md#c1) [c](https://x.y/z)\n"
        "![p](../pictures/o.png)\n"
        "d `[e](../claims.md)` [two\nlines](extend.md#a-claim)\n"
        "```\n[f](../claims.md)\n```\n"
    )
    assert [str(path) for path in used] == [
        "analysis/losses/toy.py", "docs/claims.md", "docs/pictures/o.png", "docs/how-to/extend.md",
    ]  # fmt: skip


def test_an_anchor_of_the_same_page_is_named_with_the_page():
    text = '[C1](#c1) [up](#claims)\n\n<a id="c1"></a>\n\n## C1'
    changed = relinked(text, PurePosixPath("docs/claims.md"), lambda path: None)
    assert changed.startswith("[C1](claims.md#c1) [up](#claims)\n")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("|w - w*|^2 of `n` chains", r"\|w - w\*\|^2 of ``n`` chains"),
        (r"is $\gamma^{-1}$.", r"is :math:`\gamma^{-1}`."),
        ("$a\n    b$s", r":math:`a b`\ s"),
        ("loss_ and a_b_", r"loss\_ and a_b\_"),
        ("Returns:\n    by name: nats", "Returns:\n    : by name: nats"),
        ("Raises:\n    ValueError: too few.", "Raises:\n    ValueError: too few."),
        (">>> f(*x) | y\n'a*b'\n\nand *", ">>> f(*x) | y\n'a*b'\n\nand \\*"),
        ("one\n\n$$x\n    y$$\n\ntwo", "one\n\n\n\n.. math:: x y\n\n\n\ntwo"),
    ],
)
def test_a_docstring_as_sphinx_reads_it(written, read):
    assert as_restructured(written) == read
