"""The reference page of the command line: every command with its arguments and options.

Typer brings its own copy of click's classes, which the Sphinx extensions for click do not know;
what is read here (names, help, defaults) both have.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer.main

from models.storage.markdown import markdown_table

PROGRAM = "stagewise"
KINDS = {  # part of what typer or click call the type -> its word
    "path": "path", "int": "integer", "float": "number", "str": "text", "text": "text",
}  # fmt: skip
OWN = ("--help", "--install-completion", "--show-completion")  # every program has these


def commands_page(app: typer.Typer) -> str:
    """Every command of a program, groups first told and then gone through.

    Args:
        app: the program.
    """
    return "\n\n".join(_told(typer.main.get_command(app), PROGRAM)) + "\n"


def _told(command: Any, path: str) -> Iterator[str]:
    """A command, or a group and what is in it."""
    within = getattr(command, "commands", None)
    if within is not None:
        visible = {name: one for name, one in within.items() if not one.hidden}
        if path != PROGRAM:
            yield f"{heading(path)}\n\n{first_line(command)}"
        yield markdown_table(
            ("command", "does"),
            [(f"[`{path} {name}`](#{anchor(f'{path} {name}')})", first_line(one))
             for name, one in visible.items()],
        )  # fmt: skip
        for name, one in visible.items():
            yield from _told(one, f"{path} {name}")
        return
    yield f"{heading(path)}\n\n{help_of(command)}"
    yield f"```\n{usage(command, path)}\n```"
    rows = [row(parameter) for parameter in command.params if shown(parameter)]
    if rows:
        yield markdown_table(("argument or option", "takes", "default", "is"), rows)


def anchor(path: str) -> str:
    """The address of a command on the page.

    Example:
        >>> anchor("stagewise toy train")
        'stagewise-toy-train'
    """
    return path.replace(" ", "-")


def heading(path: str) -> str:
    """A command's heading, its address above it."""
    return f'<a id="{anchor(path)}"></a>\n\n## {path}'


def help_of(command: Any) -> str:
    """What a command says of itself, in paragraphs; a form feed ends what is for people."""
    text = inspect.cleandoc(command.help or "").split("\f")[0]
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def first_line(command: Any) -> str:
    """The first sentence of that."""
    return help_of(command).split("\n\n")[0]


def shown(parameter: Any) -> bool:
    """Whether a parameter is listed: not the ones that every program has."""
    return not getattr(parameter, "hidden", False) and not set(parameter.opts) & set(OWN)


def usage(command: Any, path: str) -> str:
    """How a command is called: required options and arguments by name."""
    words = [path]
    for parameter in filter(shown, command.params):
        if parameter.param_type_name == "argument":
            name = metavar(parameter)
            words.append(name if parameter.required else f"[{name}]")
        elif parameter.required:
            words.append(f"{parameter.opts[0]} {metavar(parameter)}")
    return " ".join([*words, "[OPTIONS]"])


def row(parameter: Any) -> tuple[str, str, str, str]:
    """A parameter: its names, what it takes, its default, and what it is."""
    argument = parameter.param_type_name == "argument"
    names = [metavar(parameter)] if argument else [*parameter.opts, *parameter.secondary_opts]
    flag = getattr(parameter, "is_flag", False)
    takes = "" if flag else kind(parameter)
    default = "*required*" if parameter.required else default_of(parameter)
    return ", ".join(f"`{name}`" for name in names), takes, default, help_text(parameter)


def kind(parameter: Any) -> str:
    """What a parameter takes, in the words of the configuration's page."""
    told = getattr(parameter, "type_descriptor", None)
    name = str(told.annotation if told else parameter.type.name).lower()
    for part, word in KINDS.items():
        if part in name:
            return word + ("; repeatable" if getattr(parameter, "multiple", False) else "")
    raise ValueError(f"{parameter.name}: no word for the type {name}")


def default_of(parameter: Any) -> str:
    """A default as one would type it; nothing where there is none."""
    value = parameter.default
    if value is None or value is False or value == () or callable(value):
        return ""
    return f"`{value}`"


def help_text(parameter: Any) -> str:
    """What a parameter says of itself, without what the columns say already."""
    return " ".join((getattr(parameter, "help", None) or "").split())


def metavar(parameter: Any) -> str:
    """The name that stands for a value in the usage."""
    return (parameter.metavar or parameter.name or "").upper().replace(" ", "_")
