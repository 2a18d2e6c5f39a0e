"""`check` replies in one line to whatever it is given."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from checking import Exercise, Exercises

NUMBER = Exercise(
    wants="a number, within 0.1", truth=lambda: 2.0, within=0.1, says="{truth:g}", hint="higher",
    slips={"twice that": lambda right: right / 2},
)  # fmt: skip
ARRAY = Exercise(
    wants="two numbers", truth=lambda: np.array([1.0, 100.0]), within=0.01, says="", hint="no"
)
FUNCTION = Exercise(
    wants="a function", truth=lambda: lambda x: x**2, tried_on=[(1.0,), (3.0,)], says="", hint="no"
)


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (2.05, "right: 2"),
        (np.float32(2), "right: 2"),
        (torch.tensor(1.95), "right: 2"),
        (2.2, "not yet: higher"),
        (1.0, "not yet: twice that"),
        (..., "nothing given yet; wanted: a number, within 0.1"),
        (None, "nothing given yet; wanted: a number, within 0.1"),
        ("2", "not yet: that is a str; wanted: a number, within 0.1"),
        (True, "not yet: that is a bool; wanted: a number, within 0.1"),
        (float("inf"), "not yet: that is not finite; wanted: a number, within 0.1"),
        (
            np.ones((2, 3)),
            "not yet: that is an ndarray of shape (2, 3); wanted: a number, within 0.1",
        ),
        (
            torch.ones(2, requires_grad=True),
            "not yet: that is a Tensor of shape (2,); wanted: a number, within 0.1",
        ),
        ([[1], [2, 3]], "not yet: that is a list of 2; wanted: a number, within 0.1"),
    ],
)
def test_numbers(answer: object, reply: str) -> None:
    assert NUMBER.reply(answer, {}) == reply


def test_an_array_is_right_within_a_share_of_its_largest_value() -> None:
    assert ARRAY.reply([1.9, 100.0], {}).startswith("right")
    assert ARRAY.reply([2.1, 100.0], {}) == "not yet: no"
    assert "not of shape (2,)" in ARRAY.reply(5, {})


def test_functions_are_tried_at_every_argument() -> None:
    def fails(x: float) -> float:
        raise ValueError("two\nlines")

    assert FUNCTION.reply(lambda x: x * x, {}).startswith("right")
    assert FUNCTION.reply(lambda x: x, {}) == "not yet: no"  # the same at 1, not at 3
    assert FUNCTION.reply(lambda x: ..., {}).startswith("nothing given yet")
    assert "ValueError: two lines" in FUNCTION.reply(fails, {})
    assert "a float, not a function" in FUNCTION.reply(2.0, {})


def test_a_truth_gets_what_the_notebook_gives(capsys: pytest.CaptureFixture[str]) -> None:
    exercises = Exercises()

    @exercises.add(3, wants="a name", says="yes", hint="the other")
    def longest(names: list[str]) -> str:
        return max(names, key=len)

    exercises.check(3, " Sparrow", names=["dog", "sparrow"])
    exercises.check(3, "dog", names=["dog", "sparrow"])
    assert capsys.readouterr().out == "3. right: yes\n3. not yet: the other\n"
