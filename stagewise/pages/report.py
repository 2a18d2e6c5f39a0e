"""Where a result stands in Snakemake's report: its category, its part of it, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from figures import scripts
from stagewise.paths import Paths

WIDEST = 64  # letters of a figure's row
ALL_MODELS = "all models"
MERGED = "claims and events"
RECORDED = " (recorded)"


@dataclass(frozen=True)
class Shown:
    """A result in the report.

    Attributes:
        category: Toy, Theory, Language, Claims or Explorer; subcategory: figures, tables, or whose
            they are.
        label: its kind, its name and what it shows, in one text. (Of a second label that has two
            values in all, the report makes a switch, and a part with two results loses both.)
    """

    category: str
    subcategory: str
    label: str

    @property
    def labels(self) -> dict[str, str]:
        """The columns of its row."""
        return {"result": self.label}


def table_shown(paths: Paths, path: Path, wildcards: Mapping[str, object]) -> Shown:
    """A table of all runs.

    Args:
        path: its place, or a pattern of it; wildcards: the pattern's.

    Raises:
        CatalogueError: no table is declared that lies there.
    """
    table = paths.table_of(path, **wildcards)
    label = f"table {table.name}: {table.says}"
    match path.relative_to(paths.root).parts:
        case ("theory", "variants", _, *_):
            return Shown("Theory", f"variant {wildcards['variant']}", label)
        case ("toy" | "theory" as room, *_):
            return Shown(room.capitalize(), "tables", label)
        case ("language", *below):
            model = wildcards["model"] if len(below) > 1 else ALL_MODELS
            return Shown("Language", f"{model}, tables", label)
    return Shown("Claims", MERGED, label)


def figure_shown(figure: str, model: str = "", *, recorded: bool = False) -> Shown:
    """A figure.

    Args:
        figure: its script; model: where it shows a language model; recorded: from a recorded run.
    """
    script = scripts()[figure]
    # Cut at a word, for the list beside a picture takes its width from it; the caption says all.
    label = shorten(f"figure {figure}: {script.shows}.", WIDEST, placeholder=" …")
    if script.room in ("toy", "theory"):
        return Shown(script.room.capitalize(), "figures", label)
    return Shown("Language", f"{model}{RECORDED if recorded else ''}" or ALL_MODELS, label)


def document_shown(wildcards: Mapping[str, object]) -> Shown:
    """The theory's document."""
    return Shown("Theory", "document", "document theory: every derivation, with its proof.")


def claims_shown(wildcards: Mapping[str, object]) -> Shown:
    """The claims."""
    return Shown("Claims", MERGED, "page claims: what was predicted, measured and decided.")


def explorer_shown(wildcards: Mapping[str, object]) -> Shown:
    """The explorer."""
    return Shown("Explorer", "explorer", "page explorer: results to drag through, in the browser.")
