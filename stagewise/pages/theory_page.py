"""The theory as one HTML page that needs no other file: Markdown, pictures within, MathML."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import latex2mathml.converter
import mistune
import sympy

from analysis.theory.derivation import Step

TITLE = "The theory of stages"
INTRODUCTION = (
    "Every equation below is a sympy expression of this repository. Under each stands how it was "
    "proved when this document was made: *symbolically*, or *numerically* at random points with "
    "forty digits. Numeric results are computed by functions made from the same expressions. "
    "Signs: influence(i→j) = −Cov(ℓᵢ, ℓⱼ); negative: i helps j."
)
STYLE = """
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
       font-family: Georgia, 'Times New Roman', serif; color: #222; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
img { max-width: 100%; } .proof { font-size: .85rem; color: #666; }
.equation { overflow-x: auto; padding: .4rem 0; text-align: center; }
table { border-collapse: collapse; font-size: .85rem; }
td, th { padding: .15rem .6rem; border-bottom: 1px solid #ddd; text-align: left; }
"""


def step_text(step: Step, how: str) -> str:
    """A step as Markdown: sentence, displayed equation, how it was proved."""
    return f"{step.says}\n\n$$\n{sympy.latex(step.equation)}\n$$\n\n*Proved {how}.*"


class Page(mistune.HTMLRenderer):
    """HTML with pictures within and mathematics as MathML."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

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
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{inner}</body></html>\n"
    )


def mathml(tex: str, display: str) -> str:
    """LaTeX as MathML, which browsers draw without help."""
    plain = html.unescape(tex.strip()).replace(r"\operatorname{tr}", r"\mathrm{tr}")
    return latex2mathml.converter.convert(plain, display=display)
