"""What the site adds to Sphinx: docstrings as this project writes them, anchors, MathML."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from pydantic import BaseModel
from sphinx import addnodes
from sphinx.application import Sphinx

from stagewise.pages.theory_page import mathml
from stagewise.site.docstrings import as_restructured

ANCHOR = re.compile(r'<a id="([^"]+)">')
DEFINITIONS = "explanation/signs-and-definitions"
SHORT = {  # names that signatures have where annotations stay as written
    "np": "numpy", "pd": "pandas", "xr": "xarray", "Tensor": "torch.Tensor", "Path": "pathlib.Path",
    "Figure": "matplotlib.figure.Figure",
}  # fmt: skip
PUBLIC = {  # where a class is defined -> the name under which it is documented
    "xarray.core.dataarray.DataArray": "xarray.DataArray",
    "xarray.core.dataset.Dataset": "xarray.Dataset",
    "numpy.random._generator.Generator": "numpy.random.Generator",
    "matplotlib.axes._axes.Axes": "matplotlib.axes.Axes",
    "torch.nn.modules.module.Module": "torch.nn.Module",
    "torch.amp.autocast_mode.autocast": "torch.autocast",
    "scipy.sparse._csr.csr_matrix": "scipy.sparse.csr_matrix",
}
BEFORE_OTHERS = 400  # napoleon and intersphinx have 500


def restructured(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """A docstring in the markup that Sphinx reads, before its sections are. A property has no
    type in front: a colon in its text is text."""
    text = as_restructured("\n".join(lines))
    lines[:] = (f": {text}" if what in ("property", "attribute", "data") else text).split("\n")


def short_signature(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """No signature for a section of the configuration: its keys have a page of their own."""
    if isinstance(thing, type) and issubclass(thing, BaseModel):
        return "", ""
    return None


def keep_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Make anchors written as HTML, <a id="c1"></a>, known to links of other pages."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for raw in doctree.findall(nodes.raw):
        for name in ANCHOR.findall(raw.astext()):
            slugs.setdefault(name, (None, name, ""))


def index_definitions(app: Sphinx, doctree: nodes.document) -> None:
    """Put what the page of definitions defines into the index, which the search shows first."""
    if app.env.docname != DEFINITIONS:
        return
    for node in [*doctree.findall(nodes.section), *doctree.findall(nodes.raw)]:
        is_section = isinstance(node, nodes.section)
        anchor = ANCHOR.search(node.astext())
        name = node["ids"][0] if is_section else anchor[1] if anchor else ""
        if name:
            words = node[0].astext().lower() if is_section else name
            entry = addnodes.index(entries=[("single", words, name, "main", None)])
            node.parent.insert(node.parent.index(node), entry)


def public_name(app: Sphinx, env: Any, node: Any, shown: Any) -> None:
    """Give a reference the name under which other projects document its target; the lists of their
    names are looked through after this."""
    target = node.get("reftarget", "")
    head, dot, rest = target.partition(".")
    node["reftarget"] = PUBLIC.get(target, SHORT.get(head, head) + dot + rest)


def inline_math(writer: Any, node: nodes.math) -> None:
    """Mathematics within a sentence, as MathML."""
    writer.body.append(mathml(tex(node), "inline"))
    raise nodes.SkipNode


def displayed_math(writer: Any, node: nodes.math_block) -> None:
    """A displayed equation, as MathML."""
    writer.body.append(f'<div class="equation">{mathml(tex(node), "block")}</div>\n')
    raise nodes.SkipNode


def tex(node: nodes.Element) -> str:
    """The LaTeX of a node without the dollars and the style that notebooks put around it."""
    return node.astext().strip().strip("$").removeprefix(r"\displaystyle").strip()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.connect("autodoc-process-docstring", restructured, priority=BEFORE_OTHERS)
    app.connect("autodoc-process-signature", short_signature)
    app.connect("doctree-read", keep_anchors)
    app.connect("doctree-read", index_definitions)
    app.connect("missing-reference", public_name, priority=BEFORE_OTHERS)
    app.add_html_math_renderer("mathml", (inline_math, None), (displayed_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
