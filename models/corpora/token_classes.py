"""Classes of tokens in natural text: what a token is, and whether the context foretells it.

Most classes are regular expressions on the text of a token and of its neighbours; the induction
class is a pair of tokens that the context has shown before, though the corpus hardly ever has.
Classes may overlap and need not cover. Baker et al. (2025) name these classes without publishing
their definitions: these are ours. Free of torch, so that reading a configuration is quick.
"""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from models.settings import Section

LETTER = r"[^\W\d_]"


class TokenClass(Section):
    """One class; every condition that is given must hold.

    Example:
        >>> bool(re.fullmatch(TokenClass(pattern=" ?[0-9]+").pattern, " 42"))
        True
    """

    pattern: str | None = Field(None, description="expression that the token's whole text matches")
    before: str | None = Field(None, description="that the token before it matches")
    after: str | None = Field(None, description="that the token after it matches")
    repeats_below: float | None = Field(
        None, gt=0, le=1,
        description="the context holds this token after the one before it already, and the corpus "
        "has it there with at most this probability",
    )  # fmt: skip

    @field_validator("pattern", "before", "after")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(value is None for value in vars(self).values()):
            raise ValueError("a class needs pattern, before, after or repeats_below")
        return self


OPENING, CLOSING, QUOTE = r"[(\[{]", r"[)\]}]", r"[\"'`]"
DEFAULT_CLASSES: dict[str, TokenClass] = {
    "word_start": TokenClass(pattern=rf" {LETTER}+"),
    "word_part": TokenClass(pattern=rf"{LETTER}+", after=rf"(?s){LETTER}.*"),
    "word_end": TokenClass(pattern=rf"{LETTER}+", after=rf"(?s)(?!{LETTER}).*"),
    # Quotation marks that are the same at both ends open after a space or an opening bracket.
    "left_delimiter": TokenClass(
        pattern=rf" ?{QUOTE}?{OPENING}+(?:{QUOTE}+|[“‘«])?| ?[“‘«]+| {QUOTE}+| ?<"
    ),
    "right_delimiter": TokenClass(
        pattern=rf" ?{QUOTE}*{CLOSING}+[,.:;]*| ?[”’»]+[,.:;]*| ?>|{QUOTE}+[,.:;]+"
    ),
    "numeric": TokenClass(pattern=r" ?\d+"),
    "spacing": TokenClass(pattern=r"[ \t]+"),
    "formatting": TokenClass(pattern=r"[ \t]*(?:[\r\n]\s*|#+|[•‣*]+|/[/*]+|-{2,}|={2,}|\d+[.)])"),
    "induction": TokenClass(repeats_below=0.05),
}
