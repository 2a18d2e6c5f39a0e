"""The reference page of the configuration: every key with type, default, limits and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.settings import Section
from models.storage.markdown import markdown_table
from stagewise.config import Config

ENTRY = "<name>"  # stands for the name of an entry, as in language.models.<name>
LONGEST = 60  # letters of a default that is shown in its row
BOUNDS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def configuration_page() -> str:
    """Every section of the configuration as a table of its keys, sections within below it."""
    return "\n\n".join(_section(Config, Config(), "")) + "\n"


def _section(model: type[BaseModel], given: BaseModel | None, at: str) -> Iterator[str]:
    """The table of one section, then its sections.

    Args:
        model: the section's type; given: the default one, or None where there is none.
        at: dotted path of the section.
    """
    title = f"`{at}`" if at else "Top level"
    yield f'<a id="{anchor(at) or "top-level"}"></a>\n\n## {title}\n\n{says(model)}'
    rows, below = [], []
    for name, field in model.model_fields.items():
        key = f"{at}.{name}" if at else name
        value = getattr(given, name) if given is not None else field.get_default()
        inner, entries = section_of(field.annotation)
        if inner is not None:
            place = f"{key}.{ENTRY}" if entries else key
            default = value if isinstance(value, BaseModel) else None
            below.append((inner, default, place))
            link = f" → [`{place}`](#{anchor(place)})"
            none = "`null`" if value is None else ""
            rows.append((f"`{name}`", type_of(field.annotation), none, "", described(field) + link))
            continue
        rows.append((
            f"`{name}`", type_of(field.annotation), default_of(value, field), allowed(field),
            described(field),
        ))  # fmt: skip
    yield markdown_table(("key", "type", "default", "allowed", "what it is"), rows)
    for part in below:
        yield from _section(*part)


def anchor(path: str) -> str:
    """The address of a section on the page.

    Example:
        >>> anchor("language.models.<name>.posterior")
        'language.models.name.posterior'
    """
    return path.replace("<", "").replace(">", "")


def says(model: type[BaseModel]) -> str:
    """What a section says of itself, for Markdown."""
    text = (model.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip()
    return text.replace("*", "\\*").replace("|", "\\|").replace("~", "\\~")


def section_of(annotation: Any) -> tuple[type[Section] | None, bool]:
    """The section a key holds, if it holds one; and whether it holds many, by name."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    for kind in kinds:
        entries = get_origin(kind) is dict
        inner = get_args(kind)[1] if entries else kind
        if isinstance(inner, type) and issubclass(inner, Section):
            return inner, entries
    return None, False


def type_of(annotation: Any) -> str:
    """A type in the words of YAML.

    Example:
        >>> type_of(int | None), type_of(dict[str, float]), type_of(list[int])
        ('integer or null', 'mapping of numbers', 'list of integers')
    """
    names = {int: "integer", float: "number", str: "text", bool: "true or false", Any: "any value"}
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin in (Union, UnionType):
        return " or ".join(type_of(part) for part in parts)
    if origin is Literal:
        return type_of(type(parts[0]))
    if origin is list:
        return f"list of {type_of(parts[0])}s"
    if origin is dict:
        inner = parts[1]
        if get_origin(inner) is dict or inner is Any:
            return "mapping"
        return f"mapping of {type_of(inner)}s"
    if hasattr(annotation, "__metadata__"):
        return type_of(annotation.__origin__)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "section"
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def default_of(value: Any, field: FieldInfo) -> str:
    """A default as YAML writes it; of a long one, where it stands in full."""
    if field.is_required() and value is field.get_default():
        return "*required*"
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    text = text.removesuffix("...\n").strip()
    if len(text) <= LONGEST:
        return f"`{text}`"
    return "see [`laptop.yaml`](../../workflow/config/laptop.yaml)"


def allowed(field: FieldInfo) -> str:
    """The limits of a key in words; those that several keys share are errors of their own.

    Example:
        >>> from analysis.sampling.settings import PosteriorConfig
        >>> allowed(PosteriorConfig.model_fields["rmsprop_decay"])
        '≥ 0, < 1'
    """
    told = [f"`{choice}`" for choice in choices(field)]
    of_parts = (getattr(part, "__metadata__", ()) for part in get_args(field.annotation))
    for limit in (*field.metadata, *(limit for found in of_parts for limit in found)):
        told += [
            f"{sign} {shortest(getattr(limit, name))}"
            for name, sign in BOUNDS.items()
            if hasattr(limit, name)
        ]
        fewest = getattr(limit, "min_length", None)
        if fewest:
            told.append("not empty" if fewest == 1 else f"at least {fewest} entries")
    return ", ".join(told)


def shortest(number: float) -> str:
    """A limit; powers of two that are used as limits are shown as such.

    Example:
        >>> shortest(2**31), shortest(0.5), shortest(4096)
        ('2³¹', '0.5', '4096')
    """
    if isinstance(number, int) and number > 2**16 and number & (number - 1) == 0:
        digits = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
        return "2" + str(number.bit_length() - 1).translate(digits)
    return f"{number:g}"


def choices(field: FieldInfo) -> tuple[str, ...]:
    """The values of a key that has a few: from its type, its pattern or its schema."""
    for part in (field.annotation, *get_args(field.annotation)):
        if get_origin(part) is Literal:
            return tuple(map(str, get_args(part)))
    for limit in field.metadata:
        pattern = getattr(limit, "pattern", None)
        if pattern:
            return tuple(pattern.strip("^$()").split("|"))
    if callable(field.json_schema_extra):
        schema: dict[str, Any] = {}
        field.json_schema_extra(schema)
        return tuple(schema.get("enum", ()))
    return ()


def described(field: FieldInfo) -> str:
    """What a key is, with its unit, for Markdown."""
    return (field.description or "").replace("*", "\\*").replace("<", "\\<")
