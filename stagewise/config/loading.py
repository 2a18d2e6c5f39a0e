"""The configuration: one typed schema for the command line and for Snakemake."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError, model_validator

from models.settings import Section
from stagewise.config.errors import ConfigError
from stagewise.config.events import EventsConfig
from stagewise.config.language import LanguageConfig
from stagewise.config.renamed import as_given, given_names, with_new_names
from stagewise.config.theory import TheoryConfig
from stagewise.config.toy import ToyConfig
from stagewise.config.yaml_files import parse_yaml, read_yaml
from stagewise.root import ROOT

DEFAULT_FILE = ROOT / "workflow" / "config" / "laptop.yaml"
REPLACED_WHOLE = {"hierarchy"}  # mappings an override replaces instead of extending
NULLABLE = (  # mappings whose entries an override leaves out by setting them to null
    "language.models", "language.models.*.upweighting.classes", "language.corpora",
    "language.elsewhere", "theory.hierarchies", "theory.optimizers",
)  # fmt: skip


class Config(Section):
    """Everything a run depends on."""

    results: str = Field("results/laptop", min_length=1, description="output root")
    seed: int = Field(0, ge=0, lt=2**31, description="first seed")
    toy: ToyConfig = Field(ToyConfig(), description="toy model")
    language: LanguageConfig = Field(LanguageConfig(), description="language models")
    theory: TheoryConfig = Field(TheoryConfig(), description="theory, tried off its home")
    events: EventsConfig = Field(EventsConfig(), description="flips and peaks")

    @model_validator(mode="after")
    def _variants(self) -> Self:
        for name in self.variants:
            self.variant(name)
        return self

    @property
    def variants(self) -> list[str]:
        """Names of the theory's variants of the toy."""
        return list(dict.fromkeys([*self.theory.hierarchies, *self.theory.optimizers]))

    def variant(self, name: str) -> ToyConfig:
        """The toy of one of the theory's variants.

        Raises:
            ConfigError: the name is unknown, or a key of the variant is not allowed.
        """
        groups = ("hierarchies", "optimizers")
        for group in groups:
            own = getattr(self.theory, group).get(name)
            if own is not None:
                break
        else:
            allowed = ", ".join(self.variants) or "none"
            raise ConfigError(f"variant {name!r}: choose one of {allowed}")
        merged = self.toy.model_dump()
        for override in (self.theory.shared, own):
            merged = merge(merged, override)
        if "hierarchy" in own and "focus" not in own:
            merged["focus"] = None  # the toy's names need not be there
        try:
            return ToyConfig.model_validate(merged)
        except ValidationError as error:
            problems = (_explain(problem, ToyConfig) for problem in error.errors())
            where = f"theory.{group}.{name} (with theory.shared)"
            raise ConfigError("\n".join(f"{where}: {text}" for text in problems)) from error

    @property
    def toy_seeds(self) -> list[int]:
        """Seeds of the toy runs."""
        return list(range(self.seed, self.seed + self.toy.seeds))

    def language_seeds(self, model: str) -> list[int]:
        """Seeds of the runs of one language model."""
        return list(range(self.seed, self.seed + self.language.models[model].seeds))


def merge(base: Mapping[str, Any], override: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """`base` with the keys named in `override` replaced; mappings merge, a hierarchy does not."""
    merged = dict(base)
    for key, value in override.items():
        path = f"{at}.{key}" if at else str(key)
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = (
            merge(merged[key], value, path) if both and key not in REPLACED_WHOLE else value
        )
    return merged


def typed(value: Any) -> Any:
    """Nested values whose texts are read as YAML: Snakemake's --config gives numbers as texts.

    Example:
        >>> typed({"toy": {"seeds": "2", "optimizer": "adam"}})
        {'toy': {'seeds': 2, 'optimizer': 'adam'}}
    """
    if isinstance(value, Mapping):
        return {key: typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    return parse_yaml(value) if isinstance(value, str) else value


def load_config(
    files: Iterable[str | Path] = (), settings: Iterable[str] = (), extra: Mapping | None = None
) -> Config:
    """The default configuration with `files`, then `extra`, then `settings` laid over it.

    Args:
        files: YAML files; each overrides only the keys it names.
        settings: "dotted.key=value" texts, the value in YAML.
        extra: a nested mapping.

    Raises:
        ConfigError: a key is unknown or a value is not allowed.
    """
    overrides: list[Mapping] = [*map(read_yaml, files), extra or {}, *map(_nested, settings)]
    merged = read_yaml(DEFAULT_FILE)
    given: dict[str, str] = {}
    for override in overrides:
        merged = merge(merged, with_new_names(override))
        given |= given_names(override)
    for path in NULLABLE:
        merged = _without_nulls(merged, path.split("."))
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        lines = "\n".join(_explain(problem) for problem in error.errors()).split("\n")
        raise ConfigError("\n".join(as_given(line, given) for line in lines)) from error


def nested(settings: Iterable[str]) -> dict[str, Any]:
    """ "dotted.key=value" texts as one nested mapping.

    Example:
        >>> nested(["toy.steps=500", "toy.optimizer=adam"])
        {'toy': {'steps': 500, 'optimizer': 'adam'}}

    Raises:
        ConfigError: one has no equals sign, or a value that is no YAML.
    """
    merged: dict[str, Any] = {}
    for setting in settings:
        merged = merge(merged, _nested(setting))
    return merged


def _nested(setting: str) -> dict[str, Any]:
    key, equals, value = setting.partition("=")
    if not equals:
        raise ConfigError(f"{setting!r}: expected key=value, as in toy.steps=500")
    try:
        found: Any = parse_yaml(value)
    except ConfigError as error:
        raise ConfigError(f"{setting!r}: {error}") from error
    for part in reversed(key.split(".")):
        found = {part: found}
    return found


def _without_nulls(tree: Any, path: list[str]) -> Any:
    """`tree` with the null entries of the mapping at `path` left out; * stands for any key."""
    if not isinstance(tree, dict):
        return tree
    if not path:
        return {key: value for key, value in tree.items() if value is not None}
    return {
        key: _without_nulls(value, path[1:]) if path[0] in ("*", key) else value
        for key, value in tree.items()
    }


def _explain(problem: Any, root: Any = None) -> str:
    root = root or Config
    path = [str(part) for part in problem["loc"]]
    key, value = ".".join(path) or "config", problem["input"]
    if problem["type"] == "extra_forbidden":
        names = list(_section(path[:-1], root).model_fields)
        close = difflib.get_close_matches(path[-1], names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{key} = {value!r}: unknown key{hint}; allowed: {', '.join(names)}"
    message = problem["msg"].removeprefix("Value error, ")
    if isinstance(problem.get("ctx", {}).get("error"), ConfigError):
        return message
    if problem["type"] == "value_error" and isinstance(value, dict) and _is_section(path, root):
        return f"{key}.{message}" if path else message
    shown = repr(value)
    return f"{key} = {shown if len(shown) < 200 else shown[:197] + '...'}: {message}"


def _section(path: list[str], root: Any) -> Any:
    """The type of the part of the configuration at `path`; of a mapping's entries, their type."""
    found: Any = root
    for part in path:
        is_entry = get_origin(found) is dict
        found = get_args(found)[1] if is_entry else found.model_fields[part].annotation
    return found


def _is_section(path: list[str], root: Any) -> bool:
    found = _section(path, root)
    return isinstance(found, type) and issubclass(found, BaseModel)
