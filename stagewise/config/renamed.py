"""Keys that were renamed: their old names stay, since recorded configurations are read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stagewise.config.errors import ConfigError

# Where the old name stands (* for any key) -> the new name.
RENAMED = {
    ("toy", "etas"): "removal_fractions",
    ("theory", "shared", "etas"): "removal_fractions",
    ("theory", "hierarchies", "*", "etas"): "removal_fractions",
    ("theory", "optimizers", "*", "etas"): "removal_fractions",
    ("language", "models", "*", "prediction"): "forecast",
}


def with_new_names(tree: Any, at: tuple[str, ...] = ()) -> Any:
    """A nested configuration with new names in place of old ones.

    Example:
        >>> with_new_names({"toy": {"etas": [1.0], "steps": 5}})
        {'toy': {'removal_fractions': [1.0], 'steps': 5}}

    Raises:
        ConfigError: both names of a key are given.
    """
    if not isinstance(tree, Mapping):
        return tree
    found: dict[Any, Any] = {}
    for key, value in tree.items():
        path = (*at, str(key))
        name = next((new for old, new in RENAMED.items() if _matches(path, old)), key)
        if name in found or (name != key and name in tree):
            where = ".".join(at)
            raise ConfigError(f"{where}.{key} is the old name of {where}.{name}: give one of them")
        found[name] = with_new_names(value, path)
    return found


def given_names(tree: Any, at: tuple[str, ...] = ()) -> dict[str, str]:
    """The new dotted name of every renamed key in a nested configuration -> the one given.

    Example:
        >>> given_names({"toy": {"etas": [1.0], "steps": 5}})
        {'toy.removal_fractions': 'toy.etas'}
    """
    found: dict[str, str] = {}
    for key, value in tree.items() if isinstance(tree, Mapping) else ():
        path = (*at, str(key))
        for old, new in RENAMED.items():
            if _matches(path, old) or _matches(path, (*old[:-1], new)):
                found[".".join((*at, new))] = ".".join(path)
        found |= given_names(value, path)
    return found


def as_given(message: str, given: Mapping[str, str]) -> str:
    """An error's line with the old name of a key in place of the new, where the old was given.

    Args:
        given: `given_names` of all that was laid over the defaults; the last one counts.

    Example:
        >>> as_given("toy.removal_fractions = []: too short", {"toy.removal_fractions": "toy.etas"})
        'toy.etas = []: too short'
    """
    variant, shared, rest = message.partition(" (with theory.shared): ")
    for new, old in given.items():
        if message.startswith((f"{new} = ", f"{new}.")):
            return old + message.removeprefix(new)
        section, _, name = new.rpartition(".")
        of_it = section == variant or (
            section == "theory.shared" and f"{variant}.{name}" not in given
        )
        if shared and of_it and rest.startswith(f"{name} = "):
            return variant + shared + old.rpartition(".")[2] + rest.removeprefix(name)
    return message


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(
        want in ("*", part) for part, want in zip(path, pattern, strict=True)
    )
