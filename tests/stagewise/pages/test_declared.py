"""The reference pages of the configuration and of the commands follow from types and code."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
import typer
from pydantic import Field

from models.settings import Section
from stagewise.config import Config
from stagewise.pages.commands import commands_page
from stagewise.pages.configuration import allowed, configuration_page, type_of

ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


class Sample(Section):
    """A section to describe."""

    share: float | None = Field(None, gt=0, le=1, description="of *all* <things>, 1")
    names: list[str] = Field(["a"], min_length=2, description="which")


def test_every_key_has_a_row_with_type_default_limits_and_unit():
    page = configuration_page()
    assert "| `gamma` | number | `1000.0` | > 0 | localisation, 1/parameter^2 [ours] |" in page
    assert "| `seed` | integer | `0` | ≥ 0, < 2³¹ | first seed |" in page
    assert "| `threshold` | number | *required* | > 0 |" in page
    assert "`euler`, `exponential`" in page
    # Counted another way: the JSON schema has every section's keys once.
    schema = Config.model_json_schema()
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part["properties"]}
    assert set(ROW.findall(page)) == keys


def test_sections_are_linked_where_they_stand():
    page = configuration_page()
    links = set(re.findall(r"\]\(#([\w.-]+)\)", page))
    assert links == set(re.findall(r'<a id="([\w.-]+)">', page)) - {"top-level"}
    assert "language.models.name.posterior" in links


def test_limits_and_types_in_words():
    fields = Sample.model_fields
    assert allowed(fields["share"]) == "> 0, ≤ 1"
    assert allowed(fields["names"]) == "at least 2 entries"
    assert type_of(fields["share"].annotation) == "number or null"
    assert type_of(fields["names"].annotation) == "list of texts"


@pytest.fixture
def program() -> typer.Typer:
    """A program of one command and one group."""
    app, inner = typer.Typer(), typer.Typer(help="More of it.")
    app.add_typer(inner, name="more")

    @app.command()
    def first(
        name: Annotated[str, typer.Argument(help="What.")],
        often: Annotated[int, typer.Option(help="How often.")] = 3,
        loud: Annotated[bool, typer.Option(help="Shout.")] = False,
    ) -> None:
        """Do a thing.

        In
        detail.
        """

    @inner.command("second-one")
    def second() -> None:
        """Do another."""

    return app


def test_a_command_is_told_with_usage_options_and_defaults(program):
    page = commands_page(program)
    assert "| [`stagewise first`](#stagewise-first) | Do a thing. |" in page
    assert "## stagewise first\n\nDo a thing.\n\nIn detail.\n\n" in page
    assert "stagewise first NAME [OPTIONS]" in page
    assert "| `NAME` | text | *required* | What. |" in page
    assert "| `--often` | integer | `3` | How often. |" in page
    assert "| `--loud`, `--no-loud` |  |  | Shout. |" in page
    assert "--help" not in page


def test_a_group_is_told_with_what_is_in_it(program):
    page = commands_page(program)
    assert "More of it.\n\n| command | does |" in page
    assert (
        '<a id="stagewise-more-second-one"></a>\n\n## stagewise more second-one\n\nDo another.'
        in page
    )
