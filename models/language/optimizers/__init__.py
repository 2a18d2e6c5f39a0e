"""Optimizers of language models, one file each; `base` says what one is and finds them."""

from models.storage.declarations import modules_of

NOT_ONE = "base"


def names() -> tuple[str, ...]:
    """The optimizers, by their files' names; nothing is imported.

    Returns:
        sorted.
    """
    found = (module.rpartition(".")[2] for module in modules_of(__name__))
    return tuple(name for name in found if name != NOT_ONE)
