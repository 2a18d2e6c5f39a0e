"""What can be wrong with a configuration, or with a name that was asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConfigError(ValueError):
    """The configuration is wrong; the message names key, value and what is allowed."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """For an error: the names that are nearest to one that is not among them; all if none is near.

    Example:
        >>> nearest("hiden_path", ["overview", "hidden_paths"])
        'did you mean hidden_paths?'
        >>> nearest("x", ["overview", "hidden_paths"])
        'choose one of overview, hidden_paths'
    """
    known = list(allowed)
    within = [each for each in known if name and name in each]
    alike = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    close = list(dict.fromkeys(within + alike))[:3]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"choose one of {', '.join(known) or 'none'}"
