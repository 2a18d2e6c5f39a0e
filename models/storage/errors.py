"""What can be wrong with a stored file."""

from __future__ import annotations


class CheckpointError(ValueError):
    """A file or folder is not a whole checkpoint of this project; the message names it."""
