"""The theory as Markdown and as one HTML page: pictures within, MathML, links to every step."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import latex2mathml.converter
import mistune
import sympy

from analysis.theory.derivation import Derivation, Step

TITLE = "The theory of stages"
INTRODUCTION = (
    "Every equation below is a sympy expression of this repository. Under each stands how it was "
    "proved when this document was made: *symbolically*, or *numerically* at random points with "
    "forty digits. Numeric results are computed by functions made from the same expressions. "
    "Signs: influence(i→j) = −Cov(ℓᵢ, ℓⱼ); negative: i helps j."
)
STYLE = """
:root { color-scheme: light dark; --ink: #222; --faint: #666; --line: #ddd; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --faint: #a0a0a0; --line: #444; --paper: #161616; } }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
       font-family: Georgia, 'Times New Roman', serif; color: var(--ink);
       background: var(--paper); }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; } h3 { margin-top: 1.8rem; }
a { color: inherit; } h2 a, h3 a { text-decoration: none; color: var(--faint); }
ul { padding-left: 1.2rem; } :target { background: #f6c34433; }
img { max-width: 100%; background: #fff; } .proof { font-size: .85rem; color: var(--faint); }
.equation { overflow-x: auto; padding: .4rem 0; text-align: center; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
td, th { padding: .15rem .6rem; border-bottom: 1px solid var(--line); text-align: left; }
@media print { h2 a, h3 a { display: none; } }
"""
ANCHOR = re.compile(r'<a id="([\w.-]+)"></a>\s*')
UPRIGHT = re.compile(r"<mo>([A-Za-z]+)</mo>")  # a named operator, \operatorname
LIMITS = ("lim", "min", "max", "sup", "inf")  # these carry what stands below them


def named(step: Step) -> str:
    """A step's name as a heading.

    Example:
        >>> from analysis.theory.phases import two_phases
        >>> named(two_phases()["one_flip"])
        'One flip'
    """
    return step.name.replace("_", " ").capitalize()


def chapter_text(number: int, derivation: Derivation, prove: Callable[[Step], str]) -> str:
    """A derivation as Markdown: numbered steps, each with an anchor of its own name.

    Raises:
        DerivationError: a step does not hold, where `prove` is `check`.
    """
    parts = [f'<a id="chapter-{number}"></a>\n\n## {number}. {derivation.title}']
    for place, step in enumerate(derivation.steps, 1):
        parts.append(f'<a id="{step.name}"></a>\n\n### {number}.{place} {named(step)}')
        parts.append(step_text(step, prove(step)))
    return "\n\n".join(parts)


def contents(derivations: Sequence[Derivation]) -> str:
    """What the chapters are and which steps they have, as a Markdown list of links."""
    lines = []
    for number, derivation in enumerate(derivations, 1):
        lines.append(f"- [{number}. {derivation.title}](#chapter-{number})")
        lines += [
            f"  - [{number}.{place} {named(step)}](#{step.name})"
            for place, step in enumerate(derivation.steps, 1)
        ]
    return "\n".join(lines)


def step_text(step: Step, how: str) -> str:
    """A step as Markdown: sentence, displayed equation, how it was proved."""
    return f"{step.says}\n\n$$\n{sympy.latex(step.equation)}\n$$\n\n*Proved {how}.*"


class Page(mistune.HTMLRenderer):
    """HTML with pictures within, mathematics as MathML and a link to every heading."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.anchor = folder, ""

    def paragraph(self, text: str) -> str:
        """A paragraph; one that is an anchor is kept for the heading below it."""
        found = ANCHOR.fullmatch(html.unescape(text))
        if found is None:
            return super().paragraph(text)
        self.anchor = found[1]
        return ""

    def heading(self, text: str, level: int, **attrs: str) -> str:
        """A heading, with the anchor above it as its address and a link to it."""
        if not self.anchor:
            return f"<h{level}>{text}</h{level}>\n"
        name, self.anchor = self.anchor, ""
        link = f'<a href="#{name}" aria-label="link to this heading">#</a>'
        return f'<h{level} id="{name}">{text} {link}</h{level}>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """An SVG file, relative to the folder, as part of the page."""
        content = base64.b64encode((self.folder / url).read_bytes()).decode()
        caption = html.escape(html.unescape(text), quote=True)
        source = f"data:image/svg+xml;base64,{content}"
        return f'<img src="{source}" alt="{caption}"><br><small>{caption}</small>'

    def inline_math(self, tex: str) -> str:
        """Mathematics within a sentence."""
        return mathml(tex, "inline")

    def block_math(self, tex: str) -> str:
        """A displayed equation."""
        return f'<div class="equation">{mathml(tex, "block")}</div>\n'


def page(text: str, folder: Path) -> str:
    """Markdown as one HTML page that needs no other file."""
    body = mistune.create_markdown(renderer=Page(folder), plugins=["math", "table"])
    inner = str(body(text)).replace("<p><em>Proved", '<p class="proof"><em>Proved')
    inner = inner.replace("<table>", '<div class="table"><table>').replace(
        "</table>", "</table></div>"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{TITLE}</title><style>{STYLE}</style></head>\n<body>\n{inner}</body></html>\n"
    )


def mathml(tex: str, display: str) -> str:
    r"""LaTeX as MathML, which browsers draw without help; a named operator stands upright.

    Example:
        >>> r"<mi>Cov</mi>" in mathml(r"\operatorname{Cov}(a, b)", "inline")
        True
    """
    found = latex2mathml.converter.convert(html.unescape(tex.strip()), display=display)
    return UPRIGHT.sub(_operator, found)


def _operator(found: re.Match[str]) -> str:
    """An identifier, which browsers set upright if it has several letters and without the wide
    spaces around an unknown operator."""
    name = found[1]
    if name in LIMITS:
        return found[0]
    return f"<mi>{name}</mi>" if len(name) > 1 else f'<mi mathvariant="normal">{name}</mi>'
