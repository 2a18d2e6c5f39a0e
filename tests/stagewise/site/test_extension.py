"""What the site adds to Sphinx, on single nodes: mathematics, anchors, names of other projects."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from docutils import nodes, utils
from sphinx import addnodes

from analysis.sampling.posterior import Draws
from analysis.sampling.settings import PosteriorConfig
from stagewise.site import extension


@pytest.fixture
def app() -> SimpleNamespace:
    """As much of Sphinx as the handlers look at, on the page of definitions."""
    page = extension.DEFINITIONS
    return SimpleNamespace(env=SimpleNamespace(docname=page, metadata={page: {}}))


@pytest.fixture
def page() -> nodes.document:
    """A page with a section and an anchor in it."""
    document = utils.new_document("page")
    section = nodes.section("", nodes.title("", "Unit of Chance"), ids=["unit"])
    anchor = nodes.raw("", '<a id="gamma">', format="html")
    section += nodes.paragraph("", "", anchor, nodes.Text("localisation"))
    document += section
    return document


@pytest.mark.parametrize("written", [r"$\displaystyle \gamma$", r"$$\gamma$$", r"\gamma"])
def test_an_equation_of_a_notebook_is_its_latex(written):
    node = nodes.math_block(text=written)
    assert extension.tex(node) == r"\gamma"
    writer = SimpleNamespace(body=[])
    with pytest.raises(nodes.SkipNode):
        extension.displayed_math(writer, node)
    assert "<mi>&#x003B3;</mi>" in writer.body[0]
    assert 'display="block"' in writer.body[0]


def test_anchors_are_known_to_links_of_other_pages(app, page):
    extension.keep_anchors(app, page)
    assert app.env.metadata[extension.DEFINITIONS]["myst_slugs"] == {"gamma": (None, "gamma", "")}


def test_definitions_are_in_the_index(app, page):
    extension.index_definitions(app, page)
    entries = [entry for node in page.findall(addnodes.index) for entry in node["entries"]]
    assert [entry[1:4] for entry in entries] == [
        ("unit of chance", "unit", "main"), ("gamma", "gamma", "main"),
    ]  # fmt: skip
    app.env.docname = "other"
    before = str(page)
    extension.index_definitions(app, page)
    assert str(page) == before


@pytest.mark.parametrize(
    ("named", "looked_up"),
    [
        ("np.ndarray", "numpy.ndarray"),
        ("Tensor", "torch.Tensor"),
        ("xarray.core.dataarray.DataArray", "xarray.DataArray"),
        ("pandas.DataFrame", "pandas.DataFrame"),
    ],
)
def test_types_are_looked_up_under_their_public_names(app, named, looked_up):
    node = {"reftarget": named}
    extension.public_name(app, app.env, node, None)
    assert node["reftarget"] == looked_up


def test_a_section_of_the_configuration_has_no_signature(app):
    told = extension.short_signature(app, "class", "x", PosteriorConfig, None, "(nbeta)", "")
    assert told == ("", "")
    assert extension.short_signature(app, "class", "x", Draws, None, "(losses)", "") is None


def test_what_a_property_says_is_text_though_it_has_a_colon(app):
    for what, first in (("property", ": Steps kept: all."), ("function", "Steps kept: all.")):
        lines = ["Steps kept: all."]
        extension.restructured(app, what, "x", None, None, lines)
        assert lines == [first]
