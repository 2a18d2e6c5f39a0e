"""Reading YAML with two traps closed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from stagewise.config.errors import ConfigError

MERGE = "tag:yaml.org,2002:merge"


class Loader(yaml.SafeLoader):
    """YAML with two traps closed: repeated keys are errors, and 1e-4 is a number."""


def _mapping(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    own = [key for key, _ in node.value if key.tag != MERGE]
    keys = [loader.construct_object(key, deep=True) for key in own]
    if not all(isinstance(key, str | int | float | bool | None) for key in keys):
        raise ConfigError(f"line {node.start_mark.line + 1}: a key must be a name")
    repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
    if repeated:
        raise ConfigError(
            f"line {node.start_mark.line + 1}: key(s) {', '.join(repeated)} given more than once"
        )
    loader.flatten_mapping(node)  # what << merges in comes first, so that own keys win
    found = {}
    for key, value in node.value:
        found[loader.construct_object(key, deep=True)] = loader.construct_object(value, deep=True)
    return found


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
Loader.yaml_implicit_resolvers = {
    first: list(resolvers) for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """A YAML file as a mapping.

    Raises:
        ConfigError: the file is missing, is no YAML, repeats a key or holds no mapping.
    """
    try:
        content = yaml.load(Path(path).read_text(encoding="utf-8"), Loader)
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}") from error
    except (yaml.YAMLError, ConfigError) as error:
        raise ConfigError(f"config file {path}: {error}") from error
    if not isinstance(content, dict | None):
        raise ConfigError(f"config file {path}: expected keys and values, found {content!r}")
    return content or {}
