"""Architectures of language models, one file each; `base` says what one is and finds them.

    import models.language.architectures.attention_only

is what `from_pretrained` needs to load an attention-only checkpoint.
"""

from models.storage.declarations import doors_of


def names() -> tuple[str, ...]:
    """The architectures, by their files' names; nothing is imported.

    Returns:
        sorted.
    """
    return doors_of(__name__)
