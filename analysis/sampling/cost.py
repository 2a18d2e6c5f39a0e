r"""What sampling a language model costs, and what a larger one will.

One draw of one chain is a gradient on a mini-batch, losses of the evaluation tokens, and a step of
SGLD on every parameter. In floating-point operations, with $N$ the parameters that are multiplied,
$T_g$ and $T_o$ the tokens with and without a gradient, $L$ layers of width $d$ and context $c$:

$$F = 6 N T_g + 2 N T_o + (12 T_g + 4 T_o) L d c$$

Seconds per draw are modelled as $a + b F / P + s S + v V (3 T_g + T_o)$, with $P$ the rate of a
large matrix product on the device, measured there, $S$ all parameters and $V$ the vocabulary: 1/b
is the share of P that is reached, s the time of the noise and the update of one parameter, v that
of one logit. Memory beside the program is modelled as $k + m S + l T$, with $T$ the logits of the
tokens in flight.

The formula stays beside torch's FlopCounterMode, which must run a model to count it: the largest
that are estimated here fit no machine at hand. A test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls

GIB = 2**30


@dataclass(frozen=True)
class Work:
    """The work of one draw of one chain.

    Attributes:
        multiplied: parameters that every token is multiplied by, N.
        stored: all parameters, S.
        layers: of the model, L.
        width: of its residual stream, d.
        context: tokens of a sequence, c.
        vocabulary: token ids, V.
        gradient_tokens: tokens per draw whose loss is differentiated, T_g.
        observed_tokens: tokens per draw whose loss is only computed, T_o.
        logit_tokens: tokens whose logits are in memory at once, T.
    """

    multiplied: int
    stored: int
    layers: int
    width: int
    context: int
    vocabulary: int
    gradient_tokens: int
    observed_tokens: int
    logit_tokens: int

    @property
    def flops(self) -> float:
        """Floating-point operations of a draw, F of the module."""
        g, o = self.gradient_tokens, self.observed_tokens
        attention = (12 * g + 4 * o) * self.layers * self.width * self.context
        return 6 * self.multiplied * g + 2 * self.multiplied * o + attention

    @property
    def scores(self) -> float:
        """Logits that a draw computes, V (3 T_g + T_o): with a gradient they are gone through
        three times.
        """
        return float(self.vocabulary) * (3 * self.gradient_tokens + self.observed_tokens)

    @property
    def logits(self) -> float:
        """Logits in memory at once, T V: a number, not bytes."""
        return float(self.logit_tokens) * self.vocabulary


@dataclass(frozen=True)
class CostModel:
    """The formulas of the module with their coefficients.

    Attributes:
        a: seconds per draw that no size explains.
        b: seconds per second of matrix products at full rate: 1/b is the share of the rate reached.
        s: seconds per parameter.
        v: seconds per logit.
        k: bytes that no size explains.
        m: bytes per parameter.
        l: bytes per logit in flight.
        time_error: largest relative error of the fit in seconds.
        memory_error: largest relative error of the fit in memory.
    """

    a: float
    b: float
    s: float
    v: float
    k: float
    m: float
    l: float  # noqa: E741  its name in the formula
    time_error: float
    memory_error: float

    def seconds(self, work: Work, rate: float) -> float:
        """Seconds per draw of one chain.

        Args:
            work: of the draw.
            rate: floating-point operations per second of a large matrix product on the device, as
                `models.language.throughput.matmul_rate` measures it.

        Returns:
            seconds.
        """
        return self.a + self.b * work.flops / rate + self.s * work.stored + self.v * work.scores

    def gib(self, work: Work) -> float:
        """Memory of a draw beside the program.

        Args:
            work: of the draw.

        Returns:
            GiB.
        """
        return (self.k + self.m * work.stored + self.l * work.logits) / GIB


def fit_cost(table: pd.DataFrame) -> CostModel:
    """Fit the cost model to measurements: least squares of relative errors, no coefficient
    negative.

    Args:
        table: one row per measurement, with the fields of `Work` as columns, rate (operations per
            second), seconds (per draw of one chain, > 0) and gib (> 0).

    Returns:
        the coefficients, and the largest relative error of the fit over the rows.

    Source: Lawson and Hanson 1974 for non-negative least squares.
    """
    works = [work_of(row) for row in table.to_dict("records")]
    flops, stored, scores, logits = (
        np.array([getattr(w, name) for w in works], dtype=float)
        for name in ("flops", "stored", "scores", "logits")
    )
    seconds, gib = table["seconds"].to_numpy(float), table["gib"].to_numpy(float)
    one = np.ones(len(works))
    time = np.stack([one, flops / table["rate"].to_numpy(float), stored, scores], 1)
    memory = np.stack([one, stored, logits], 1) / GIB
    in_time, in_memory = _relative(time, seconds), _relative(memory, gib)
    a, b, s, v = in_time.tolist()
    k, m, l = in_memory.tolist()  # noqa: E741
    return CostModel(
        a, b, s, v, k, m, l,
        time_error=float(np.abs(time @ in_time / seconds - 1).max()),
        memory_error=float(np.abs(memory @ in_memory / gib - 1).max()),
    )  # fmt: skip


def work_of(row: dict) -> Work:
    """Make a `Work` of a row.

    Args:
        row: by column; the fields of `Work` among them, what else there is does not count.

    Returns:
        the work of a draw, its fields as whole numbers.

    Raises:
        KeyError: a field is missing.
    """
    return Work(**{name: int(row[name]) for name in Work.__dataclass_fields__})


def _relative(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    scale = np.abs(columns).max(0)
    found, _ = nnls(columns / scale / values[:, None], np.ones(len(values)))
    return found / scale


# Layers, width, heads and vocabulary of the Pythia suite. Source: Biderman et al. 2023, table 1;
# 14m and 31m from their configuration files.
PYTHIA: dict[str, tuple[int, int, int, int]] = {
    "14m": (6, 128, 4, 50304), "31m": (6, 256, 8, 50304), "70m": (6, 512, 8, 50304),
    "160m": (12, 768, 12, 50304), "410m": (24, 1024, 16, 50304), "1b": (16, 2048, 8, 50304),
    "1.4b": (24, 2048, 16, 50304), "2.8b": (32, 2560, 32, 50304), "6.9b": (32, 4096, 32, 50432),
    "12b": (36, 5120, 40, 50688),
}  # fmt: skip


def gpt_neox_parameters(layers: int, width: int, vocabulary: int) -> tuple[int, int]:
    """Parameters of a GPT-NeoX model whose MLP is four times as wide as its residual stream.

    Per layer $12 d^2 + 13 d$ (attention, MLP, their biases and norms), $2 d$ for the last norm, $V
    d$ for the embedding and as many for the unembedding.

    Args:
        layers: of the model.
        width: d, of the residual stream.
        vocabulary: V, rows of the embedding.

    Returns:
        parameters that every token is multiplied by (all but the embedding), and all of them.

    Example:
        >>> gpt_neox_parameters(6, 512, 50304)  # Pythia-70m
        (44670976, 70426624)
    """
    layer = 12 * width**2 + 13 * width  # attention and MLP of four times the width, their biases
    body = layers * layer + 2 * width
    return body + vocabulary * width, body + 2 * vocabulary * width
