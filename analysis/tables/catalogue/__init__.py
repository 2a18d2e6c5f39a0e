"""The catalogue: every result table, its columns and units, once."""

from analysis.tables.catalogue.base import (
    CatalogueError,
    Table,
    catalogue,
    check_reads,
    of_room,
    table_named,
)

__all__ = ["CatalogueError", "Table", "catalogue", "check_reads", "of_room", "table_named"]
