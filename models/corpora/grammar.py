"""A controlled language whose token classes are known exactly, with its best possible predictor.

Three things happen in a sequence. *Words* follow one another by a sparse table of word pairs.
*Names* are strings of symbols drawn afresh for every sequence, and mentioned again within it: a
repeat can be predicted only from the context, by induction. *Delimiters* open and close, properly
nested. Everything the predictor of the next token may know is a function of the tokens so far,
so that the probability of every token, and with it the least possible loss, is exact.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from models.settings import Section

CLASSES = (
    "word", "first_mention", "repeat_start", "induction", "left_delimiter", "right_delimiter",
)  # fmt: skip
WORD, FIRST, REPEAT_START, INDUCTION, LEFT, RIGHT = range(len(CLASSES))
BRACKETS = ("()", "[]", "{}", "<>", "«»", "‹›", "⟨⟩", "⟦⟧")
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


BLOCK = 2048  # sequences drawn together


class Sequences(NamedTuple):
    """Sampled sequences.

    Attributes:
        tokens: (sequences, length), token ids.
        classes: (sequences, length), index into CLASSES.
        floor: (sequences, length), -log of each token's probability given all tokens before it,
            nats: the loss of the best possible predictor.
    """

    tokens: np.ndarray
    classes: np.ndarray
    floor: np.ndarray


class Grammar(Section):
    """The controlled language; token ids are words, then name symbols, then delimiters.

    At every position outside a name: with probability `name` a name begins (never right after
    another, so that names can be told apart), chosen evenly among the sequence's `names`; with
    `open_delimiter`, while fewer than `max_depth` are open, a left delimiter of any kind; with
    `close_delimiter`, while one is open, the right delimiter that matches the last; otherwise a
    word. A word after a word follows the chain, any other is drawn evenly. A name has
    `name_min` to `name_max` symbols, drawn evenly; the names of a sequence begin with different
    symbols, so that a mention's first symbol tells whether it is a repeat.
    """

    words: int = Field(44, ge=1, description="words in the vocabulary [ours]")
    name_symbols: int = Field(16, ge=1, description="symbols that names are made of [ours]")
    delimiter_kinds: int = Field(2, ge=1, le=len(BRACKETS), description="pairs of delimiters")
    concentration: float = Field(
        0.05, gt=0, description="of the Dirichlet rows of the chain of words; small is sparse"
    )
    chain_seed: int = Field(0, ge=0, description="of the chain: one language for all runs")
    name: float = Field(0.10, gt=0, lt=1, description="probability that a name begins")
    names: int = Field(2, ge=1, description="different names per sequence")
    name_min: int = Field(3, ge=1, description="symbols of the shortest name")
    name_max: int = Field(4, ge=2, description="symbols of the longest name")
    open_delimiter: float = Field(0.08, gt=0, lt=1, description="probability of a left delimiter")
    close_delimiter: float = Field(0.12, gt=0, lt=1, description="probability of a right delimiter")
    max_depth: int = Field(2, ge=1, description="delimiters that can be open at once")

    @model_validator(mode="after")
    def _satisfiable(self) -> Self:
        parts = {k: getattr(self, k) for k in ("name", "open_delimiter", "close_delimiter")}
        if sum(parts.values()) >= 1:
            given = ", ".join(f"{key} = {value:g}" for key, value in parts.items())
            raise ValueError(f"{given}: together at most 1, exclusive, so that words remain")
        if self.names > self.name_symbols:
            raise ValueError(
                f"names = {self.names}: at most name_symbols = {self.name_symbols}, because the "
                "names of a sequence begin with different symbols"
            )
        if self.name_min > self.name_max:
            raise ValueError(f"name_min = {self.name_min}: at most name_max = {self.name_max}")
        return self

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""
        return self.words + self.name_symbols + 2 * self.delimiter_kinds

    @property
    def vocabulary(self) -> list[str]:
        """How each token is written: words as syllables, symbols as capitals, brackets."""
        n = len(SYLLABLES)
        words = [SYLLABLES[i % n] + (str(i // n) if i >= n else "") for i in range(self.words)]
        symbols = [
            chr(65 + i % 26) + (str(i // 26) if i >= 26 else "") for i in range(self.name_symbols)
        ]
        kinds = BRACKETS[: self.delimiter_kinds]
        return words + symbols + [b[0] for b in kinds] + [b[1] for b in kinds]

    @property
    def left(self) -> np.ndarray:
        """Token ids of the left delimiters, one per kind."""
        return self.words + self.name_symbols + np.arange(self.delimiter_kinds)

    @property
    def right(self) -> np.ndarray:
        """Token ids of the right delimiters, in the same order."""
        return self.left + self.delimiter_kinds

    @property
    def chain(self) -> np.ndarray:
        """Probability of the next word given this one, (words, words)."""
        rng = np.random.default_rng([self.chain_seed, 0xC4A1])
        return rng.dirichlet(np.full(self.words, self.concentration), size=self.words)

    def render(self, tokens: np.ndarray) -> str:
        """A sequence as text: names in one piece, everything else apart.

        Args:
            tokens: ids (length,).

        Returns:
            text, tokens separated by spaces.

        Example:
            >>> Grammar().render(np.array([0, 44, 45, 60, 1, 62]))
            'ba AB ( be )'
        """
        written, symbols = self.vocabulary, range(self.words, self.words + self.name_symbols)
        text, in_name = "", False
        for token in np.asarray(tokens).tolist():
            text += ("" if in_name and token in symbols else " ") + written[token]
            in_name = token in symbols
        return text.strip()

    def sample(self, sequences: int, length: int, seed: int | list[int]) -> Sequences:
        """Draw sequences, a block of them together, position by position.

        Args:
            sequences: how many.
            length: tokens of each.
            seed: of the generator; the first sequences of a seed are the same however many are
                asked for.

        Returns:
            ids, classes and least possible losses (nats), (sequences, length) each.

        Raises:
            ValueError: fewer than one sequence or token is asked for.
        """
        if sequences < 1 or length < 1:
            raise ValueError(f"{sequences} sequences of {length} tokens: at least one of each")
        entropy = [seed] if isinstance(seed, int) else seed
        parts = [
            _Sampler(self, BLOCK, np.random.default_rng([*entropy, block])).run(length)
            for block in range(-(-sequences // BLOCK))
        ]
        whole = (np.concatenate(arrays)[:sequences] for arrays in zip(*parts, strict=True))
        return Sequences(*whole)


class _Sampler:
    """The state of all sequences while they are drawn; arrays have one entry per sequence."""

    def __init__(self, grammar: Grammar, n: int, rng: np.random.Generator) -> None:
        g, self.grammar, self.n, self.rng = grammar, grammar, n, rng
        chain = g.chain
        self.chain_log, self.chain_cumulative = np.log(np.maximum(chain, 1e-300)), chain.cumsum(1)
        self.names = rng.integers(g.name_symbols, size=(n, g.names, g.name_max))
        self.names[:, :, 0] = rng.random((n, g.name_symbols)).argsort(axis=1)[:, : g.names]
        self.lengths = rng.integers(g.name_min, g.name_max + 1, size=(n, g.names))
        self.known = np.zeros((n, g.names), dtype=bool)
        self.stack = np.zeros((n, g.max_depth), dtype=np.int64)  # kinds of the open delimiters
        self.depth = np.zeros(n, dtype=np.int64)
        self.last_word = np.full(n, -1)  # -1: the token before was no word
        self.current = np.zeros(n, dtype=np.int64)  # the name being written
        self.written = np.zeros(n, dtype=np.int64)  # its symbols so far; 0 outside names
        self.is_repeat = np.zeros(n, dtype=bool)
        self.token = np.zeros(n, dtype=np.int64)
        self.kind = np.zeros(n, dtype=np.int8)
        self.log_p = np.zeros(n)

    def run(self, length: int) -> Sequences:
        shape = (self.n, length)
        tokens, classes = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int8)
        floor = np.empty(shape, dtype=np.float32)
        for position in range(length):
            self.step()
            tokens[:, position], classes[:, position] = self.token, self.kind
            floor[:, position] = -self.log_p
        return Sequences(tokens, classes, floor)

    def step(self) -> None:
        """Draw the next token of every sequence: its id, class and log probability."""
        g = self.grammar
        self.log_p[:] = 0
        ended = self.end_names()
        outside, u = self.written == 0, self.rng.random(self.n)
        p_name = np.where(ended, 0.0, g.name)
        p_open = p_name + np.where(self.depth < g.max_depth, g.open_delimiter, 0.0)
        p_close = p_open + np.where(self.depth > 0, g.close_delimiter, 0.0)
        parts = [u < p_name, (u >= p_name) & (u < p_open), (u >= p_open) & (u < p_close)]
        starts, opens, closes = (np.flatnonzero(outside & part) for part in parts)
        words = np.flatnonzero(outside & (u >= p_close))
        self.continue_names(np.flatnonzero(~outside))
        self.start_names(starts)
        self.open(opens)
        self.close(closes)
        self.log_p[words] += np.log1p(-p_close[words])
        self.word(words)
        self.last_word[:] = -1
        self.last_word[words] = self.token[words]

    def end_names(self) -> np.ndarray:
        """End the names that are complete; True where one is.

        How long a repeated name is, is known; a new one may end after any of its allowed lengths.
        """
        g = self.grammar
        inside = self.written > 0
        ended = inside & (self.written == self.lengths[np.arange(self.n), self.current])
        uncertain = inside & ~self.is_repeat & (self.written >= g.name_min)
        left = np.maximum(g.name_max + 1 - self.written, 1)  # lengths it may still have
        chance = np.where(ended, 1, left - 1) / left
        self.log_p[uncertain] = np.log(chance[uncertain])
        at = np.flatnonzero(ended)
        self.known[at, self.current[at]] = True
        self.written[at] = 0
        return ended

    def continue_names(self, at: np.ndarray) -> None:
        g, repeat = self.grammar, self.is_repeat[at]
        self.token[at] = g.words + self.names[at, self.current[at], self.written[at]]
        self.kind[at] = np.where(repeat, INDUCTION, FIRST)
        self.log_p[at] -= np.where(repeat, 0.0, np.log(g.name_symbols))
        self.written[at] += 1

    def start_names(self, at: np.ndarray) -> None:
        g = self.grammar
        current = self.current[at] = self.rng.integers(g.names, size=len(at))
        repeat = self.is_repeat[at] = self.known[at, current]
        seen = self.known[at].sum(1)
        self.token[at] = g.words + self.names[at, current, 0]
        self.kind[at] = np.where(repeat, REPEAT_START, FIRST)
        # One of the names not yet seen, by one of the symbols no known name begins with.
        new = (g.names - seen) / np.maximum(g.name_symbols - seen, 1)
        self.log_p[at] += np.log(g.name / g.names * np.where(repeat, 1.0, new))
        self.written[at] = 1

    def open(self, at: np.ndarray) -> None:
        g = self.grammar
        kind = self.rng.integers(g.delimiter_kinds, size=len(at))
        self.stack[at, self.depth[at]] = kind
        self.depth[at] += 1
        self.token[at], self.kind[at] = g.left[kind], LEFT
        self.log_p[at] += np.log(g.open_delimiter / g.delimiter_kinds)

    def close(self, at: np.ndarray) -> None:
        g = self.grammar
        self.depth[at] -= 1
        self.token[at], self.kind[at] = g.right[self.stack[at, self.depth[at]]], RIGHT
        self.log_p[at] += np.log(g.close_delimiter)

    def word(self, at: np.ndarray) -> None:
        g, before, u = self.grammar, self.last_word[at], self.rng.random(len(at))
        cumulative = self.chain_cumulative[before]
        chained = (cumulative < (u * cumulative[:, -1])[:, None]).sum(1)
        chosen = np.where(before >= 0, chained, (u * g.words).astype(np.int64))
        self.token[at], self.kind[at] = chosen, WORD
        self.log_p[at] += np.where(before >= 0, self.chain_log[before, chosen], -np.log(g.words))
