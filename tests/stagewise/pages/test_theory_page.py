"""The theory's page: contents, a link to every step, operators upright, nothing to fetch."""

from __future__ import annotations

import re

import pytest
import sympy

from analysis.theory.derivation import Derivation, Step, label
from analysis.theory.gaussian_limit import gaussian_limit
from analysis.theory.phases import influence_is_covariance, two_phases
from stagewise.pages.theory_page import chapter_text, contents, mathml, page

X = sympy.Symbol("x")
PAIR = Derivation(
    "A <title>",
    tuple(
        Step(name, "It is $x < 1$.", sympy.Eq(label(r"\operatorname{Cov}(x)"), X), (X - X,))
        for name in ("first_step", "second")
    ),
)


@pytest.fixture
def whole(tmp_path) -> str:
    """A page of two chapters."""
    texts = [chapter_text(n, PAIR, lambda step: "somehow") for n in (1,)]
    return page("\n\n".join(["# T", contents([PAIR]), *texts]), tmp_path)


def test_contents_name_every_step_and_each_has_its_address(whole):
    links = re.findall(r'<li><a href="#([\w-]+)">', whole)
    assert links == ["chapter-1", "first_step", "second"]
    assert re.findall(r'<h[23] id="([\w-]+)">', whole) == links
    for name in links[1:]:
        assert whole.count(f'href="#{name}"') == 2  # in the contents and at the heading itself


def test_text_that_looks_like_html_is_text(whole):
    assert "A &lt;title&gt;" in whole
    assert '<p class="proof"><em>Proved somehow.</em></p>' in whole
    assert "<p></p>" not in whole


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\operatorname{Cov}(a)", "<mi>Cov</mi>"),
        (r"\operatorname{tr}(A)", "<mi>tr</mi>"),
        (r"\operatorname{E}[a]", '<mi mathvariant="normal">E</mi>'),
        (r"\lim_{x \to 0} x", "<mo>lim</mo>"),
    ],
)
def test_a_named_operator_is_upright(tex, shown):
    assert shown in mathml(tex, "inline")


def test_no_operator_of_the_theory_is_a_product_of_letters():
    derivations = (influence_is_covariance(), two_phases(), gaussian_limit())
    texts = [t for d in derivations for s in d.steps for t in (s.says, sympy.latex(s.equation))]
    assert sum("operatorname{Cov}" in text for text in texts) >= 5
    for text in texts:
        assert not re.search(r"(?<!operatorname\{)(Cov|Corr|Var|tr\\left)", text), text
        assert not re.search(r"(?<![\w{])E\[|[^{\w]dE\[", text), text
