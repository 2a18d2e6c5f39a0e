"""The theory as one document: every derivation, how it was proved, figures and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from figures import scripts
from stagewise.provenance.store import provenance, read_table, write_json, write_text
from stagewise.tasks.base import Job, chosen, once, task

if TYPE_CHECKING:
    from analysis.theory.derivation import Derivation

DOCUMENT = ("theory.html", "theory.md", "formulas.json")


class Chapter(NamedTuple):
    """A derivation, and what is shown below it.

    Attributes:
        module, derivation: the function that derives; figures: name -> caption; tables: of the
        theory, by name.
    """

    module: str
    derivation: str
    figures: Mapping[str, str] = MappingProxyType({})
    tables: tuple[str, ...] = ()


CHAPTERS = (
    Chapter("phases", "influence_is_covariance"),
    Chapter("phases", "two_phases"),
    Chapter(
        "free_energy", "free_energy",
        {"two_phases": "Two phases: weights, influence within and between them, and what the "
         "sampler sees."},
    ),
    Chapter("gaussian_limit", "gaussian_limit"),
    Chapter(
        "mode_dynamics", "mode_dynamics",
        {"stages_of_learning": "Measured mode strengths and the theory."},
    ),
    Chapter("frechet", "matrix_function_derivative"),
    Chapter(
        "first_order", "first_order",
        {"closed_form_error": "The closed form's error, one cause after the other taken away."},
        ("closed_form_error",),
    ),
    Chapter(
        "pairs", "pairs_of_items",
        {"predicted_times": "Times predicted by theory alone against those measured.",
         "optimizers": "The same stages under other optimizers."},
        ("times_summary",),
    ),
)  # fmt: skip
FIGURES = [name for chapter in CHAPTERS for name in chapter.figures]
TABLES = [name for chapter in CHAPTERS for name in chapter.tables]


def derived(chapter: Chapter) -> Derivation:
    """The derivation of a chapter."""
    module = import_module(f"analysis.theory.{chapter.module}")
    found: Derivation = getattr(module, chapter.derivation)()
    return found


def needs(job: Job) -> Iterable[Path]:
    """Tables that are shown, in words or in figures, and the figures."""
    yield from (job.paths.theory(name) for name in TABLES)
    for name in FIGURES:
        place = job.paths.whole if scripts()[name].room == "toy" else job.paths.theory
        yield from (place(table) for table in scripts()[name].reads)
        yield job.paths.figures / f"{name}.svg"


@task(
    jobs=once,
    reads=needs,
    writes=lambda job: [job.paths.document(name) for name in DOCUMENT],
    settings=lambda job: chosen(job.config.toy, "focus"),
    uses=lambda: [
        *sorted({f"analysis.theory.{chapter.module}" for chapter in CHAPTERS}),
        *(scripts()[name].module for name in FIGURES),
    ],
)
def theory_document(job: Job) -> None:
    """Prove every step and write theory.md, theory.html (nothing else needed to read it) and
    formulas.json: step -> its sentence, LaTeX and how it was proved.

    Raises:
        DerivationError: a step does not hold; nothing is written.
    """
    import sympy

    from analysis.theory.derivation import check
    from stagewise.pages.theory_page import INTRODUCTION, TITLE, chapter_text, contents, page
    from stagewise.pages.theory_tables import error_table, times_table

    shown = {"closed_form_error": error_table, "times_summary": times_table}
    derivations = [derived(chapter) for chapter in CHAPTERS]
    proofs = {step.name: check(step) for derivation in derivations for step in derivation.steps}
    formulas = {
        step.name: {
            "says": step.says, "latex": sympy.latex(step.equation), "proved": proofs[step.name],
        }
        for derivation in derivations for step in derivation.steps
    }  # fmt: skip
    parts = [f"# {TITLE}", INTRODUCTION, contents(derivations)]
    for number, (chapter, derivation) in enumerate(zip(CHAPTERS, derivations, strict=True), 1):
        parts.append(chapter_text(number, derivation, lambda step: proofs[step.name]))
        parts += [shown[name](read_table(job.paths.theory(name))) for name in chapter.tables]
        parts += [f"![{text}](../figures/{name}.svg)" for name, text in chapter.figures.items()]
    text, place = "\n\n".join(parts) + "\n", job.paths.document
    write_text(text, place("theory.md"))
    write_text(page(text, place("theory.md").parent), place("theory.html"))
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    write_json({"formulas": formulas, "provenance": made}, place("formulas.json"))
