"""Token classes of natural text, against passages labelled by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from models.corpora.frequencies import Frequencies
from models.corpora.labelling import Labeller, class_table, overlaps, repeated_pairs, texts_of
from models.corpora.token_classes import DEFAULT_CLASSES, TokenClass
from models.corpora.tokenizer import SEPARATOR, train_tokenizer

# Texts of tokens with their classes, by hand; the first and the last are context only.
# Short names are spelt out in SHORT.
CODE = [
    ("\n", ""), ("def", "we"), (" com", "ws"), ("pu", "wp"), ("te", "we"), ("(", "l"),
    ("value", "wp"), ("s", "we"), ("=[", ""), ("1", "n"), (",", ""), (" 23", "n"), ("]", "r"),
    ("):", "r"), ("\n    ", "f"), ("return", "we"), (" {", "l"), ("'", ""), ("a", "we"),
    ("':", "r"), (" com", "ws"), ("pu", "wp i"), ("te", "we i"), ("(", "l i"), (")", "r"),
    ("}", "r"), ("  ", "s"), ("#", "f"), (" done", "ws"), ("\n", ""),
]  # fmt: skip
PROSE = [
    ("The", ""), (" cat", "ws"), (" “", "l"), ("sat", "we"), ("”", "r"), (" on", "ws"),
    (" 3", "n"), (" mats", "ws"), (" (", "l"), ("re", "wp"), ("ally", "we"), (").", "r"),
    ("\n\n", "f"), ("*", "f"), (" The", "ws"), (" cat", "ws"), (" “", "l i"), ("again", "we"),
    ("”", "r"), (",", ""), (" it", "ws"), ("'", ""), ("s", "we"), (" <", "l"), ("b", "we"),
    (">", "r"), ("é", "we"), (" end", "ws"), (".", ""),
]  # fmt: skip
SHORT = {
    "ws": "word_start", "wp": "word_part", "we": "word_end", "l": "left_delimiter",
    "r": "right_delimiter", "n": "numeric", "s": "spacing", "f": "formatting", "i": "induction",
}  # fmt: skip


def labelled(passage) -> tuple[Labeller, torch.Tensor, list[set[str]]]:
    """A labeller that knows the passage's tokens, their ids, and the classes by hand. Pairs are
    rare in its corpus, in which every token follows every other."""
    texts = [text for text, _ in passage]
    pieces = list(dict.fromkeys(texts))
    anything = np.array([[i, j] for i in range(len(pieces)) for j in range(len(pieces))])
    frequencies = Frequencies.count(anything, len(pieces))
    assert frequencies.bigram(torch.tensor([0]), torch.tensor([1])) < 0.05
    ids = torch.tensor([[pieces.index(text) for text in texts]])
    classes = [{SHORT[s] for s in said.split()} for _, said in passage[1:-1]]
    return Labeller(DEFAULT_CLASSES, list(pieces), frequencies), ids, classes


@pytest.mark.parametrize("passage", [CODE, PROSE], ids=["code", "prose"])
def test_classes_are_those_given_by_hand(passage):
    labeller, ids, expected = labelled(passage)
    member = labeller.membership(ids)[0]
    for (text, _), row, classes in zip(passage[1:-1], member, expected, strict=True):
        found = {n for n, is_in in zip(labeller.names, row.tolist(), strict=True) if is_in}
        assert found == classes, (text, found)


def test_a_frequent_pair_is_no_induction():
    # " the" after "of" nine times in ten: foretold by the pair, so that its repeat shows nothing.
    pieces = ["of", " the", " cat", "."]
    pairs = np.array([[0, 1]] * 9 + [[0, 2]] + [[1, 2]] * 5 + [[2, 3]] * 5 + [[3, 0]] * 5)
    labeller = Labeller(
        {"induction": TokenClass(repeats_below=0.5)}, list(pieces), Frequencies.count(pairs, 4)
    )
    ids = torch.tensor([[3, 0, 1, 2, 0, 1, 0, 2, 0, 2, 3]])
    found = labeller.membership(ids)[0, :, 0].tolist()
    assert found == [False] * 7 + [True, True]  # the second "cat of" and the second "of cat"


def test_repeated_pairs_are_those_a_plain_search_finds():
    tokens = torch.randint(5, (6, 40), generator=torch.Generator().manual_seed(0))
    for row, found in zip(tokens.tolist(), repeated_pairs(tokens).tolist(), strict=True):
        seen: set[tuple[int, int]] = set()
        for pair, is_repeat in zip(itertools.pairwise(row), found, strict=True):
            assert is_repeat == (pair in seen)
            seen.add(pair)


def test_frequencies_are_those_a_plain_count_finds():
    rng = np.random.default_rng(0)
    tokens = rng.integers(7, size=(5, 30))
    found = Frequencies.count(tokens, 8)
    counts = np.zeros((8, 8))
    for row in tokens:
        for u, v in itertools.pairwise(row):
            counts[u, v] += 1
    unigram = (counts.sum(0) + 0.5 / 8) / (counts.sum() + 0.5)  # token 7 never occurs
    expected = counts + 0.5 * unigram
    expected /= expected.sum(1, keepdims=True)
    assert np.allclose(found.unigram, unigram)
    assert found.unigram.min() > 0
    assert np.allclose(found.bigram_rows(torch.arange(8)), expected)
    u, v = torch.tensor([[0, 3], [7, 2]]), torch.tensor([[1, 3], [2, 7]])
    assert np.allclose(found.bigram(u, v), expected[u, v])


def test_tables_count_classes_and_their_overlaps():
    labeller, ids, expected = labelled(CODE)
    member = labeller.membership(ids)
    table = class_table(ids, member, labeller).set_index("class")
    for name in labeller.names:
        assert table.loc[name, "tokens"] == sum(name in classes for classes in expected)
    assert "'pu'" in table.loc["word_part", "examples"]
    assert "'te|('" in table.loc["induction", "examples"]
    both = overlaps(member, labeller.names)
    assert both.loc["induction", "word_part"] == 1
    assert both.loc["none", "none"] == sum(not classes for classes in expected)


def test_marks_and_parts_of_characters_have_no_text():
    tokenizer = train_tokenizer(["naïve café", "plain text"] * 3, 280)
    texts = texts_of(tokenizer, 280)
    assert texts[tokenizer.convert_tokens_to_ids(SEPARATOR)] is None
    ids = tokenizer("é")["input_ids"]
    assert len(ids) == 1 or texts[ids[0]] is None
    assert all(text is None or "\ufffd" not in text for text in texts)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "a class needs pattern"),
        ({"pattern": "("}, "not a regular expression"),
        ({"repeats_below": 0.0}, "greater than 0"),
    ],
)
def test_a_class_that_says_nothing_is_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        TokenClass(**settings)
