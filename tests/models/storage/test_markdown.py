"""Tables as Markdown."""

from __future__ import annotations

import doctest

import models.storage.markdown


def test_the_example_of_the_docstring_holds():
    assert doctest.testmod(models.storage.markdown) == (0, 1)  # failed, attempted
