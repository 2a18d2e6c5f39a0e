r"""Docstrings of this project as reStructuredText: `code`, $mathematics$, and text that is text.

They are written for people: a lone backtick is code, a dollar mathematics, and |w - w*| a norm,
where Sphinx would see a role, nothing, and a mistake.
"""

from __future__ import annotations

import re

TOKEN = re.compile(r"``.+?``|`[^`]+`|\$\$.+?\$\$|\$[^$]+?\$", re.DOTALL)
SPECIAL = re.compile(r"([\\*|])|(?<=\w)_(?!\w)")
RETURNS = re.compile(r"^( *(?:Returns|Yields):\n +)(?=\S)", re.MULTILINE)
DOCTEST = re.compile(r"^\s*>>> .*?(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


def as_restructured(text: str) -> str:
    r"""A docstring in the markup that Sphinx reads.

    What is returned has no type in front (it stands in the signature): a colon in its text is text.

    Example:
        >>> as_restructured("`n` draws of |w - w*|, $\\gamma$")
        '``n`` draws of \\|w - w\\*\\|, :math:`\\gamma`'
    """
    parts, end = [], 0
    for match in DOCTEST.finditer(text):
        parts += [_inline(text[end : match.start()]), match[0]]
        end = match.end()
    return RETURNS.sub(r"\1: ", "".join([*parts, _inline(text[end:])]))


def _inline(text: str) -> str:
    parts, end = [], 0
    for match in TOKEN.finditer(text):
        parts += [_escaped(text[end : match.start()]), _marked(match[0], text, match.start())]
        end = match.end()
    return "".join([*parts, _escaped(text[end:])])


def _marked(token: str, text: str, at: int) -> str:
    """Code or mathematics; what is displayed starts a paragraph, indented as the line it is in."""
    inner = " ".join(token.strip("`$").split())
    if token.startswith("$$"):
        line = text[text.rfind("\n", 0, at) + 1 : at]
        indent = " " * (len(line) - len(line.lstrip()))
        return f"\n\n{indent}.. math:: {inner}\n\n{indent}"
    if token.startswith("$"):
        return f":math:`{inner}`" + _apart(text, at + len(token))
    return f"``{inner}``" + _apart(text, at + len(token))


def _apart(text: str, at: int) -> str:
    """What ends a mark that a letter follows."""
    return "\\ " if at < len(text) and (text[at].isalnum() or text[at] in "_`$") else ""


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\g<0>", text)
