"""Stages of a language model's development, from its losses alone and never from influence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from analysis.statistics.crossings import first_crossing

SHARES = (0.25, 0.5, 0.75)  # of the way from the reference to the floor: start, middle, end
MARGIN = 0.3  # nats that must lie between a reference and the floor to speak of learning
REPLICATES = 200
SMOOTHED = 5  # points of the running median in which crossings are looked for
OCTAVE_START = 8
REPETITION = "repetition"
TIMES = ("start", "middle", "end")
NAN = float("nan")


def transitions(
    learning: pd.DataFrame, baselines: pd.DataFrame, landmarks: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """When each class, and each other outcome, was learnt in one run.

    A class that the best predictor knows better than frequencies of tokens and pairs do is learnt
    from the context: its progress is the share of the way from the lower of the unigram's and
    the bigram's loss to the floor. Another is held against the unigram. One that the floor is
    hardly below is left out. The row "unigram" is where the model is closest to the language's
    token frequencies. In natural text, whose floor is unknown, the lowest loss of the run stands
    for it; and since induction tokens there are also learnt otherwise, a row "repetition" says
    when the gain on repeated random tokens came to 25, 50 and 75 % of its greatest: NaN where
    less than MARGIN was ever gained.

    Args:
        learning: step, group, class, loss, tokens: sums over groups of evaluation sequences, nats.
        baselines: class, name, loss: mean losses, nats.
        landmarks: step, name, value, of the run; "kl_unigram" among the names.
        seed: of the bootstrap over groups.

    Returns:
        stage, reference, and start, middle and end with 95 % intervals (start_low, start_high,
        ...), in steps: 25, 50 and 75 % of the way, NaN where not reached. An interval is never
        narrower than the points of the curve around it.
    """
    rng = np.random.default_rng(seed)
    rows = [_closest_to_unigram(landmarks)]
    held = baselines.pivot(index="class", columns="name", values="loss")
    if "floor" not in held:
        rows.append(_repetition(landmarks))
    for name in learning["class"].unique():
        part = learning[learning["class"] == name]
        sums = part.pivot(index="step", columns="group", values="loss")
        counts = part.pivot(index="step", columns="group", values="tokens").to_numpy(float)
        steps, losses = sums.index.to_numpy(float), sums.to_numpy()
        mean = median_filter(losses.sum(1) / counts.sum(1), SMOOTHED, mode="nearest")
        floor = held.loc[name].get("floor", mean.min())
        best = "bigram" if held.loc[name, "bigram"] < held.loc[name, "unigram"] else "unigram"
        reference = next((r for r in (best, "unigram") if held.loc[name, r] - floor > MARGIN), None)
        if reference is None:
            continue
        top = held.loc[name, reference]
        targets = [top - share * (top - floor) for share in SHARES]
        pick = rng.integers(losses.shape[1], size=(REPLICATES, losses.shape[1]))
        drawn = losses[:, pick].sum(2) / np.maximum(counts[:, pick].sum(2), 1)  # (steps, copies)
        copies = median_filter(drawn, (SMOOTHED, 1), mode="nearest")
        row: dict[str, object] = {"stage": name, "reference": reference}
        for time, target in zip(TIMES, targets, strict=True):
            when = float(first_crossing(steps, mean, target, np.less))
            spread = first_crossing(steps, copies, target, np.less)
            row |= {time: when, **_interval(time, when, spread, steps)}
        rows.append(row)
    return pd.DataFrame(rows)


def octaves(steps: np.ndarray | float) -> np.ndarray:
    """Training steps on the axis log2(step + 8), on which early stages are as long as late.

    Args:
        steps: of training, any shape, from 0.

    Returns:
        of the same shape, in octaves.

    Example:
        >>> octaves(np.array([0, 8, 24])).tolist()
        [3.0, 4.0, 5.0]
    """
    return np.log2(np.asarray(steps, dtype=float) + OCTAVE_START)


def boundaries(transitions_: pd.DataFrame) -> pd.Series:
    """Stage boundaries of one run: start and end of what was learnt, in time order.

    Args:
        transitions_: when what was learnt in that run: stage, start, middle, end, steps.

    Returns:
        steps by name: "<stage> start", "<stage> end", and "unigram" for its middle; those not
        reached are left out.
    """
    table = transitions_.set_index("stage")
    found: dict[str, float] = {}
    for stage, row in table.iterrows():
        times = ("middle",) if stage == "unigram" else ("start", "end")
        found |= {f"{stage} {time}".removesuffix(" middle"): row[time] for time in times}
    return pd.Series(found, dtype=float).dropna().sort_values()


def formation(transitions_: pd.DataFrame) -> pd.DataFrame:
    """When induction formed: by the repetition of random tokens, where that is told apart (natural
    text), else by the loss of its class.

    Args:
        transitions_: when what was learnt, of one or several runs: stage, start, middle, end,
            steps.

    Returns:
        the rows of "repetition" (NaN: it did not form) or, where there are none, of "induction".
    """
    repeated = transitions_[transitions_["stage"] == REPETITION]
    return repeated if len(repeated) else transitions_[transitions_["stage"] == "induction"]


def told_once(transitions_: pd.DataFrame) -> pd.DataFrame:
    """All rows, but of those that tell of induction only `formation`'s.

    Args:
        transitions_: when what was learnt, of one or several runs: stage, start, middle, end,
            steps.

    Returns:
        those rows, induction's last.
    """
    other = transitions_[~transitions_["stage"].isin(["induction", REPETITION])]
    return pd.concat([other, formation(transitions_)])


def _repetition(landmarks: pd.DataFrame) -> dict[str, object]:
    """The row of when random tokens came to be repeated. Checkpoints around are the interval."""
    gains = landmarks[landmarks["name"] == "repeat_gain"].sort_values("step")
    steps, curve = gains["step"].to_numpy(float), gains["value"].to_numpy()
    gained = len(curve) > 0 and curve.min() <= -MARGIN
    row: dict[str, object] = {"stage": REPETITION, "reference": "repeat_gain"}
    for time, share in zip(TIMES, SHARES, strict=True):
        when = NAN
        if gained:
            when = float(first_crossing(steps, curve, share * curve.min(), np.less))
        row |= {time: when, **_interval(time, when, np.array([]), steps)}
    return row


def _interval(time: str, when: float, spread: np.ndarray, steps: np.ndarray) -> dict[str, float]:
    if not np.isfinite(when):
        return {f"{time}_low": np.nan, f"{time}_high": np.nan}
    reached = spread[np.isfinite(spread)]
    low, high = np.percentile(reached, [2.5, 97.5]) if len(reached) else (when, when)
    k = int(np.searchsorted(steps, when))
    return {
        f"{time}_low": float(min(low, steps[max(k - 1, 0)])),
        f"{time}_high": float(max(high, steps[min(k, len(steps) - 1)])),
    }


def _closest_to_unigram(landmarks: pd.DataFrame) -> dict[str, object]:
    curve = landmarks[landmarks["name"] == "kl_unigram"].sort_values("step")
    steps, k = curve["step"].to_numpy(float), int(curve["value"].to_numpy().argmin())
    around = {"low": steps[max(k - 1, 0)], "high": steps[min(k + 1, len(steps) - 1)]}
    row: dict[str, object] = {"stage": "unigram", "reference": "kl_unigram"}
    for time in TIMES:
        row |= {time: steps[k], **{f"{time}_{end}": value for end, value in around.items()}}
    return row
