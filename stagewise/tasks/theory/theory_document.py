"""Stage: the theory as one document: every derivation, how it was proved, figures and tables."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import latex2mathml.converter
import mistune
import pandas as pd
import sympy

from analysis.tables.markdown import markdown_table
from analysis.theory.derivation import Derivation, Step, check
from analysis.theory.first_order import first_order
from analysis.theory.frechet import matrix_function_derivative
from analysis.theory.gaussian_limit import gaussian_limit
from analysis.theory.modes import mode_dynamics
from analysis.theory.pairs import pairs_of_items
from analysis.theory.phases import free_energy, influence_is_covariance, two_phases
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, read_table, write_json, write_text

TITLE = "The theory of stages"
INTRODUCTION = (
    "Every equation below is a sympy expression of this repository. Under each stands how it was "
    "proved when this document was made: *symbolically*, or *numerically* at random points with "
    "forty digits. Numeric results are computed by functions made from the same expressions. "
    "Signs: influence(i→j) = −Cov(ℓᵢ, ℓⱼ); negative: i helps j."
)
SHOWN = ("bif", "unrolled", "unrolled_aligned", "loo_1")  # estimators in the table of times
STYLE = """
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
       font-family: Georgia, 'Times New Roman', serif; color: #222; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
img { max-width: 100%; } .proof { font-size: .85rem; color: #666; }
.equation { overflow-x: auto; padding: .4rem 0; text-align: center; }
table { border-collapse: collapse; font-size: .85rem; }
td, th { padding: .15rem .6rem; border-bottom: 1px solid #ddd; text-align: left; }
"""


@dataclass(frozen=True)
class Chapter:
    """A derivation, and what is shown below it.

    Attributes:
        figures: name -> caption; tables: functions from the run's tables to Markdown.
    """

    derivation: Callable[[], Derivation]
    figures: dict[str, str] = field(default_factory=dict)
    tables: tuple[Callable[[Paths], str], ...] = ()


def run(config: Config, paths: Paths) -> None:
    """Prove every step and write theory.md, theory.html (nothing else needed to read it) and
    formulas.json: step -> its sentence, LaTeX and how it was proved.

    Raises:
        DerivationError: a step does not hold; nothing is written.
    """
    folder, formulas, parts = paths.root / "theory", {}, [f"# {TITLE}", INTRODUCTION]
    for chapter in CHAPTERS:
        derivation = chapter.derivation()
        parts.append(f"## {derivation.title}")
        for step in derivation.steps:
            how = check(step)
            formulas[step.name] = {
                "says": step.says, "latex": sympy.latex(step.equation), "proved": how,
            }  # fmt: skip
            parts.append(step_text(step, how))
        parts += [table(paths) for table in chapter.tables]
        parts += [f"![{text}](../figures/{name}.svg)" for name, text in chapter.figures.items()]
    text = "\n\n".join(parts) + "\n"
    write_text(text, folder / "theory.md")
    write_text(page(text, folder), folder / "theory.html")
    origin = provenance(config.model_dump(), config.toy_seeds)
    write_json({"formulas": formulas, "provenance": origin}, folder / "formulas.json")


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


def error_table(paths: Paths) -> str:
    """The closed form's error by cause, and first-order theory's."""
    errors = read_table(paths.theory("closed_form_error"))
    if errors.empty:
        return "*No closed form for this training.*"
    keys = ["hierarchy", "initialisation"]
    ladder = errors[errors["order"] >= 0].pivot(index=keys, columns="order", values="error")
    names = ["as it is", "− step size", "− misalignment", "− input covariance", "− start turning"]
    shown = ladder.map("{:.2%}".format)
    shown.columns = pd.Index(names)
    tangent = errors[errors["taken_away"] == "first_order"].set_index(keys)["error"]
    shown["first order against unrolled"] = tangent.map("{:.0e}".format)
    title = "Relative error of the closed form, causes taken away one after the other:"
    shown = shown.reset_index()
    return f"{title}\n\n{markdown_table([*shown.columns], shown.to_numpy())}"


def times_table(paths: Paths) -> str:
    """Predicted against measured times."""
    rows = read_table(paths.theory("times_summary"))
    rows = rows[rows["estimator"].isin(SHOWN)]
    if rows.empty:
        return "*No predicted times for this training.*"
    shown = pd.DataFrame(
        {
            "hierarchy": rows["hierarchy"],
            "estimator": rows["estimator"],
            "events": rows["matched"],
            "unforeseen": rows["unforeseen"],
            "not found": rows["missed"],
            "large peaks not found": rows["missed_large"].astype(str)
            + " of "
            + rows["large"].astype(str),
            "median error (steps)": rows["median_error"].map("{:.1f}".format),
            "worst": rows["worst_error"].map("{:.0f}".format),
            "median (widths)": rows["median_widths"].map("{:.3f}".format),
            "worst (widths)": rows["worst_widths"].map("{:.2f}".format),
        }
    )
    title = "Times of flips and peaks, predicted without a free parameter, against measurement:"
    return f"{title}\n\n{markdown_table([*shown.columns], shown.to_numpy())}"


CHAPTERS = (
    Chapter(influence_is_covariance),
    Chapter(two_phases),
    Chapter(
        free_energy,
        {"two_phases": "Two phases: weights, influence within and between them, and what the "
         "sampler sees."},
    ),
    Chapter(gaussian_limit),
    Chapter(mode_dynamics, {"stages_of_learning": "Measured mode strengths and the theory."}),
    Chapter(matrix_function_derivative),
    Chapter(
        first_order,
        {"closed_form_error": "The closed form's error, one cause after the other taken away."},
        (error_table,),
    ),
    Chapter(
        pairs_of_items,
        {"predicted_times": "Times predicted by theory alone against those measured.",
         "optimizers": "The same stages under other optimizers."},
        (times_table,),
    ),
)  # fmt: skip
