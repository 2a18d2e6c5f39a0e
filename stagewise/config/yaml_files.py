"""Reading YAML 1.2: 1e-4 is a number, on and yes are texts, and a key is given once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, MappingNode, SafeConstructor, YAMLError

from stagewise.config.errors import ConfigError

MERGE = "tag:yaml.org,2002:merge"


class Constructor(SafeConstructor):
    """Refuses repeated keys also beside a merge (<<), where the library lets the last one win."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        merged = len(getattr(node, "merge", None) or ())  # already put before the mapping's own
        found: list[Any] = []
        repeated: dict[str, int] = {}
        for own, _ in node.value[merged:]:
            if own.tag == MERGE:
                continue
            key, line = self.construct_object(own, deep=True), own.start_mark.line + 1
            if not isinstance(key, str | int | float | bool | None):
                raise ConfigError(f"line {line}: a key must be a name")
            if key in found:
                repeated.setdefault(str(key), line)
            found.append(key)
        if repeated:
            raise ConfigError(
                f"line {min(repeated.values())}: key(s) {', '.join(sorted(repeated))} given more "
                "than once"
            )
        return super().construct_mapping(node, deep=deep)


def parse_yaml(text: str) -> Any:
    """What a text says in YAML 1.2.

    Example:
        >>> parse_yaml("{seeds: 2, step_size: 1e-4, name: on}")
        {'seeds': 2, 'step_size': 0.0001, 'name': 'on'}

    Raises:
        ConfigError: the text is no YAML, repeats a key, has a key that is no name or a value that
            holds itself.
    """
    reader = YAML(typ="safe", pure=True)  # the compiled parser is YAML 1.1
    reader.Constructor = Constructor
    try:
        content = reader.load(text)
        json.dumps(content, default=str)  # refuses what refers to itself
    except (YAMLError, ValueError) as error:
        raise ConfigError(str(error)) from error
    return content


def read_yaml(path: str | Path) -> dict[str, Any]:
    """A YAML file as a mapping.

    Raises:
        ConfigError: the file is missing, is no YAML, repeats a key or holds no mapping.
    """
    try:
        content = parse_yaml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}") from error
    except ConfigError as error:
        raise ConfigError(f"config file {path}: {error}") from error
    if not isinstance(content, dict | None):
        raise ConfigError(f"config file {path}: expected keys and values, found {content!r}")
    return content or {}
