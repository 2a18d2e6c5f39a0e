"""Pages made for the site alone: the theory's derivations, modules, recorded tables."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path, PurePosixPath

from analysis.tables.catalogue import catalogue
from models.storage.declarations import declared
from models.storage.markdown import markdown_table
from stagewise.site.links import PACKAGES

THEORY = """\
# Derivations

Every equation of the theory, step by step: influence as a covariance, two phases, the Gaussian
limit, mode dynamics, the derivative of the learnt map, first order with the input covariance, and
what two items contribute. [The theory](theory.md) says in words what follows from it;
`results/…/theory/theory.html` is this page with the tables of a run. Each step has an address of
its own: point at its heading.

"""
FLOORS = {
    "stagewise.attribution": "any training run from Python: what `import stagewise` gives",
    "analysis": "what is measured: plain functions, arrays in and arrays out",
    "models": "what is trained, and how files are written",
    "figures": "drawing, nothing else",
}


def derivations_page(derive: bool) -> str:
    """The theory as a page of the site.

    Args:
        derive: derive and prove every step; else there is only what comes before the first.

    Raises:
        DerivationError: a step does not hold.
    """
    if not derive:
        return THEORY
    from analysis.theory.derivation import check
    from stagewise.pages.theory_page import INTRODUCTION, chapter_text
    from stagewise.tasks.theory.document import CHAPTERS, derived

    parts = [
        chapter_text(number, derived(chapter), check) for number, chapter in enumerate(CHAPTERS, 1)
    ]
    return THEORY + INTRODUCTION + "\n\n" + "\n\n".join(parts) + "\n"


def module_pages() -> dict[PurePosixPath, str]:
    """A page for every package and module of the code, and one that lists them."""
    found = {}
    rows = [(f"[`{name}`]({name}.md)", says) for name, says in FLOORS.items()]
    head = (
        "# Functions and classes\n\nGenerated from the docstrings; arguments carry shapes, units "
        "and signs. Every function links to its source, and types to their own documentation.\n\n"
    )
    found[PurePosixPath("api/index.md")] = (
        head + markdown_table(("package", "holds"), rows) + "\n\n" + listing(FLOORS)
    )
    for package in PACKAGES:
        for name, inner in modules(package):
            found[PurePosixPath("api", f"{name}.md")] = module_page(name, inner)
    return found


def modules(package: str) -> Iterable[tuple[str, list[str] | None]]:
    """Dotted names of a package and of all below it; of a package, what is directly in it."""
    folder = Path(str(next(iter(import_module(package).__path__))))
    within = sorted(pkgutil.iter_modules([str(folder)]), key=lambda m: (not m.ispkg, m.name))
    inner = [m for m in within if not m.name.startswith("_")]
    yield package, [f"{package}.{m.name}" for m in inner]
    for m in inner:
        if m.ispkg:
            yield from modules(f"{package}.{m.name}")
        else:
            yield f"{package}.{m.name}", None


def module_page(name: str, inner: list[str] | None) -> str:
    """A module's functions and classes, or a package's modules."""
    options = "   :members:\n   :ignore-module-all:"
    text = f"# {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n{options}\n```\n"
    if inner:
        rows = [(f"[`{one}`]({one}.md)", escaped(declared(one).says)) for one in inner]
        text += "\n" + markdown_table(("module", "holds"), rows) + "\n\n" + listing(inner)
    return text


def escaped(text: str) -> str:
    """A line of a docstring as Markdown shows it."""
    return text.replace("*", "\\*").replace("<", "\\<").replace("_", "\\_").replace("`\\_", "`_")


def listing(names: Iterable[str]) -> str:
    """A hidden part of the contents."""
    return "```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"


def recorded_pages(folder: Path) -> dict[PurePosixPath, str]:
    """What of long runs is kept in the repository: a page that lists it, and pages kept there."""
    tables = {table.name: table for table in catalogue().values() if table.recorded}
    found, rows, names = {}, [], []
    for file in sorted(folder.rglob("*")):
        run = file.parent.relative_to(folder).as_posix()
        if file.suffix == ".parquet":
            says = tables[file.stem].says if file.stem in tables else "Hashes of the text's files."
            rows.append((f"`{run}`" if run != "." else "", f"`{file.name}`", says,
                         f"{file.stat().st_size / 1024:.0f}"))  # fmt: skip
        elif file.suffix == ".md":
            name = "-".join(file.relative_to(folder.parent).parts)
            found[PurePosixPath("reference", name)] = file.read_text(encoding="utf-8")
            names.append(name.removesuffix(".md"))
    text = (
        "# Recorded tables\n\nSmall tables of long runs, kept in `recorded/` with the "
        "configuration and the versions of the code that made them. Claims and figures rest on "
        "them where they were made with your settings and seed and have more runs than yours, and "
        "say so. [Columns and units](tables.md).\n\n"
    )
    text += markdown_table(("run", "file", "holds", "KiB"), rows) + "\n\n" + listing(names)
    return {PurePosixPath("reference/recorded.md"): text, **found}
