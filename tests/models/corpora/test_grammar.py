"""The controlled language against an independent reading of its rules."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from models.corpora.corpus import controlled_corpus, word_tokenizer
from models.corpora.grammar import (
    CLASSES,
    FIRST,
    INDUCTION,
    LEFT,
    REPEAT_START,
    RIGHT,
    WORD,
    Grammar,
)

OTHER = Grammar(
    words=66, name_symbols=24, delimiter_kinds=3, names=3, name_min=4, name_max=7, max_depth=3
)


class Reader:
    """Reads a sequence token by token and says, before each, how likely every token is.

    Written from the rules alone, one sequence at a time, the whole distribution at once.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.g = grammar
        self.known: list[list[int]] = []
        self.stack: list[int] = []
        self.name: list[int] = []  # the name being written
        self.repeat: list[int] | None = None
        self.before: int | None = None
        self.after_name = False

    def outside(self, may_begin: bool) -> np.ndarray:
        g, p = self.g, np.zeros(self.g.vocabulary_size)
        rest = 1.0
        if may_begin:
            rest -= g.name
            for name in self.known:
                p[g.words + name[0]] += g.name / g.names
            taken = {name[0] for name in self.known}
            free = [s for s in range(g.name_symbols) if s not in taken]
            new = g.names - len(self.known)
            for symbol in free:
                p[g.words + symbol] += g.name * new / g.names / len(free)
        if len(self.stack) < g.max_depth:
            rest -= g.open_delimiter
            p[g.left] += g.open_delimiter / g.delimiter_kinds
        if self.stack:
            rest -= g.close_delimiter
            p[g.right[self.stack[-1]]] += g.close_delimiter
        words = np.full(g.words, 1 / g.words) if self.before is None else g.chain[self.before]
        p[: g.words] += rest * words
        return p

    def distribution(self) -> np.ndarray:
        g = self.g
        if not self.name:
            return self.outside(may_begin=True)
        if self.repeat is not None:
            if len(self.name) < len(self.repeat):
                p = np.zeros(g.vocabulary_size)
                p[g.words + self.repeat[len(self.name)]] = 1.0
                return p
            return self.outside(may_begin=False)
        inside = np.zeros(g.vocabulary_size)
        inside[g.words : g.words + g.name_symbols] = 1 / g.name_symbols
        if len(self.name) < g.name_min:
            return inside
        lengths = g.name_max - len(self.name) + 1
        end = 1 / lengths
        return end * self.outside(may_begin=False) + (1 - end) * inside

    def read(self, token: int) -> int:
        """Take in a token; its class."""
        g = self.g
        symbol = token - g.words
        if 0 <= symbol < g.name_symbols:
            self.before = None
            if not self.name:
                self.repeat = next((n for n in self.known if n[0] == symbol), None)
                self.name = [symbol]
                return FIRST if self.repeat is None else REPEAT_START
            self.name.append(symbol)
            return FIRST if self.repeat is None else INDUCTION
        if self.name:
            if self.repeat is None:
                self.known.append(self.name)
            else:
                assert self.name == self.repeat
            self.name, self.repeat = [], None
        if token < g.words:
            self.before = token
            return WORD
        self.before = None
        if token in g.left:
            self.stack.append(int(token - g.left[0]))
            return LEFT
        assert self.stack.pop() == token - g.right[0], "delimiters are nested and matched"
        return RIGHT


@pytest.mark.parametrize("grammar", [Grammar(), OTHER], ids=["default", "other"])
def test_classes_and_floor_are_those_of_an_independent_reader(grammar):
    drawn = grammar.sample(30, 80, seed=5)
    for tokens, classes, floor in zip(*drawn, strict=True):
        reader = Reader(grammar)
        for token, kind, least in zip(tokens.tolist(), classes, floor, strict=True):
            p = reader.distribution()
            assert p.sum() == pytest.approx(1.0, abs=1e-12)
            assert -np.log(p[token]) == pytest.approx(least, abs=1e-5)
            assert reader.read(token) == kind


def test_frequencies_are_those_of_the_rules():
    # z-scores against the binomial: a wrong branch order would be off by tens.
    g = Grammar()
    drawn = g.sample(4000, 60, seed=1)
    first = drawn.classes[:, 0]
    expected = {FIRST: g.name, LEFT: g.open_delimiter, RIGHT: 0.0}
    for kind, p in expected.items():
        assert abs((first == kind).sum() - 4000 * p) <= 4 * np.sqrt(4000 * p * (1 - p))
    words = drawn.classes == WORD
    after = words[:, 1:] & words[:, :-1]
    counts = np.zeros((g.words, g.words))
    np.add.at(counts, (drawn.tokens[:, :-1][after], drawn.tokens[:, 1:][after]), 1)
    n = counts.sum(1, keepdims=True)
    z = (counts - n * g.chain) / np.sqrt(np.maximum(n * g.chain * (1 - g.chain), 1))
    assert np.abs(z).max() < 5.5  # 1936 cells
    assert np.sqrt((z[n[:, 0] > 100] ** 2).mean()) < 1.2


def test_the_mean_floor_is_the_entropy_it_should_be():
    drawn = Grammar().sample(3000, 97, seed=2)
    means = [drawn.floor[drawn.classes == k].mean() for k in range(len(CLASSES))]
    assert means[INDUCTION] == 0.0  # the rest of a known name is certain
    assert means[REPEAT_START] == pytest.approx(-np.log(0.10 / 2), abs=1e-5)
    assert means[LEFT] == pytest.approx(-np.log(0.08 / 2), abs=0.03)


def test_seeds_repeat_and_prefixes_agree():
    g = Grammar()
    small, large = g.sample(10, 40, [3, 1]), g.sample(3000, 40, [3, 1])
    assert np.array_equal(small.tokens, large.tokens[:10])
    assert not np.array_equal(small.tokens, g.sample(10, 40, [4, 1]).tokens)


def test_rendering_and_tokenizer_agree():
    g = Grammar()
    tokens = g.sample(1, 60, 0).tokens[0]
    text = " ".join(g.vocabulary[t] for t in tokens)
    assert word_tokenizer(g.vocabulary)(text)["input_ids"] == tokens.tolist()
    assert g.render(np.array([0, 44, 45, 60, 1, 62])) == "ba AB ( be )"
    assert len(set(OTHER.vocabulary)) == OTHER.vocabulary_size == 96


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": 0.5, "open_delimiter": 0.3, "close_delimiter": 0.2}, "name = 0.5"),
        ({"names": 20}, "names = 20: at most name_symbols = 16"),
        ({"name_min": 5}, "name_min = 5: at most name_max = 4"),
        ({"delimiter_kinds": 9}, "less than or equal to 8"),
        ({"concentration": 0.0}, "greater than 0"),
        ({"open_delimiter": 0.0}, "greater than 0"),
        ({"name_min": 1, "name_max": 1}, "greater than or equal to 2"),
    ],
)
def test_a_grammar_that_cannot_be_is_refused_by_name(settings, message):
    with pytest.raises(ValidationError, match=message):
        Grammar(**settings)


def test_an_empty_class_is_refused_by_name():
    corpus = controlled_corpus(
        Grammar(open_delimiter=1e-9), context=32, training=4, evaluation=16, seed=0
    )
    with pytest.raises(ValueError, match="no token of class left_delimiter, right_delimiter"):
        corpus.evaluation.require_classes()


def test_corpus_frequencies_are_probabilities():
    corpus = controlled_corpus(Grammar(), context=32, training=4, evaluation=4, seed=0)
    bigram = corpus.frequencies.bigram_rows(torch.arange(Grammar().vocabulary_size))
    assert corpus.frequencies.unigram.sum().item() == pytest.approx(1)
    assert np.allclose(bigram.sum(1), 1)
    follows = bigram[:44, :44].numpy() / bigram[:44, :44].sum(1).numpy()[:, None]
    assert np.abs(follows - Grammar().chain).max() < 0.05
