"""Optimizers of language models, one file each; `base` says what one is and finds them."""

from models.storage.declarations import doors_of


def names() -> tuple[str, ...]:
    """The optimizers, by their files' names; nothing is imported.

    Returns:
        sorted.
    """
    return doors_of(__name__)
