"""The explorer: one HTML file in which a reader drags through training, offline.

Vega-Altair writes the charts' specifications and vl-convert puts their JavaScript (0.9 MB) into the
page: charts are declarations that follow named parameters, their marks are SVG with labels for
screen readers and tests, and the controls are the browser's own.

A view is a file of this package with `READS`, the tables it shows, by key of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.storage.declarations import declared

if TYPE_CHECKING:
    import pandas as pd

VIEWS = ("toy", "what_if", "language", "claims")
READS: tuple[str, ...] = tuple(
    dict.fromkeys(key for view in VIEWS for key in declared(f"{__name__}.{view}").get("READS", ()))
)
EXTRA = {"toy": ("variant",), "language": ("model",)}  # columns before those declared, by room


def page(
    tables: Mapping[str, pd.DataFrame],
    claims: Mapping[str, Mapping[str, str]],
    pictures: Mapping[str, bytes],
    told: Mapping[str, str],
) -> str:
    """The explorer's page.

    Args:
        tables: by key of the catalogue, with the columns declared there; toy tables with a first
            column `variant` ("toy": the default), language tables with a first column `model`. A
            table that is not there is left out, and the page says what makes it.
        claims: as in claims.json.
        pictures: PNG or WebP by name of the figure.
        told: what to say of the tables: where each part is from. For the views: words for a variant
            or a model as "variant adam", "model natural", and what the toy was trained with as
            "setting init_scale", "setting learning_rate".

    Returns:
        one HTML file that fetches nothing.

    Raises:
        CatalogueError: a table is not as declared; names it and the column.
    """
    from figures.explorer import claims as claims_view
    from figures.explorer import language, toy, what_if
    from figures.explorer.html import write_page

    for key, table in tables.items():
        check(key, table)
    views = [
        toy.view(tables, told),
        what_if.view(tables, told),
        language.view(tables, told),
        claims_view.view(claims, pictures, tables),
    ]
    return write_page(views, told)


def check(key: str, table: pd.DataFrame) -> None:
    """Raise CatalogueError if a table lacks a column, or holds NaN where none may stand."""
    from analysis.tables.catalogue.base import CatalogueError, table_named

    room, _, name = key.partition(".")
    extra: Any = EXTRA.get(room, ())
    for column in extra:
        if column not in table:
            raise CatalogueError(
                f"table {key} has no column {column}, which the explorer cuts it by"
            )
    declaration = table_named(room, name)
    absent = [column for column in declaration.kinds if column not in table]
    if absent:
        raise CatalogueError(f"table {key} has no column {', '.join(absent)}")
    declaration.check(table[[*declaration.kinds]])
