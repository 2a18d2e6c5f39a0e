"""Landmarks of a language model's development: what it can do, from the model alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel

from models.corpora.corpus import Corpus, Evaluation
from models.language.architectures.base import architecture_of
from models.language.chunks import in_chunks
from models.language.model import losses_of, token_losses

EARLY, LATE = (0.1, 0.25), (0.75, 1.0)  # shares of the context that the in-context score compares
SCORES = 2**25  # logits at once
GROUPS = 16  # groups of sequences behind the interval of a loss
RANDOM_SEQUENCES, LONGEST = 32, 128  # of random tokens, and the most of them in one
SKIPPED = 4  # tokens of each copy that are left out where losses are compared
SEQUENCES = 8  # of these whose attention is held at once
KIND = "delimiter_kind"


@torch.no_grad()
def landmarks(model: PreTrainedModel, corpus: Corpus, evaluation: Evaluation) -> dict[str, float]:
    """Every landmark of one checkpoint, by name.

    - loss_<class>: mean loss of the class, nats. loss: of all tokens.
    - kl_unigram, kl_bigram: mean over positions of KL(language's frequencies || model), nats; the
      frequencies are of tokens, and of tokens given the one before.
    - in_context: loss late in the context (last quarter) minus early (10 to 25 %), nats; negative
      where the context helps.
    - delimiter_matching: share of right delimiters whose kind the model ranks first among the
      right delimiters; chance is one over their kinds. Absent where there are none.
    - repeat_gain: see the function.
    - prefix_matching_<layer>.<head>: attention from a token to the successor of its earlier
      occurrence, on random tokens repeated once.
    - previous_token_<layer>.<head>: attention to the token before, on the same tokens.

    Args:
        model: a causal language model.
        corpus: the language: its frequencies and right delimiters count.
        evaluation: tokens (sequences, context + 1) and their classes.

    Returns:
        by name: nats, or shares from 0 to 1; a class without tokens has NaN.

    Source: Olsson et al. 2022 for in_context (theirs at tokens 500 and 50) and prefix matching.
    """
    right = torch.tensor(corpus.right_delimiters, dtype=torch.long)
    parts, unigram, bigram, matched = [], [], [], []
    for tokens, scores in _scored(model, evaluation.tokens):
        parts.append(losses_of(scores, tokens))
        log_p = scores.log_softmax(-1).double()
        log_p = log_p[..., : corpus.vocabulary]  # a model may have more tokens than the language
        unigram.append(_divergence(corpus.frequencies.unigram, log_p))
        bigram.append(_divergence(corpus.frequencies.bigram_rows(tokens[:, :-1]), log_p))
        is_right = torch.isin(tokens[:, 1:], right)
        if is_right.any():
            best = right[scores[is_right][:, right].argmax(-1)]
            matched.append((best == tokens[:, 1:][is_right]).float())
    losses = torch.cat(parts)
    found = {"loss": float(losses.mean())}
    for index, name in enumerate(evaluation.class_names):
        found[f"loss_{name}"] = float(losses[evaluation.membership[..., index]].mean())
    found["kl_unigram"] = float(torch.cat(unigram).mean())
    found["kl_bigram"] = float(torch.cat(bigram).mean())
    time = losses.shape[1]
    early, late = (losses[:, int(a * time) : int(b * time)].mean() for a, b in (EARLY, LATE))
    found["in_context"] = float(late - early)
    if matched:
        found["delimiter_matching"] = float(torch.cat(matched).mean())
    found["repeat_gain"] = repeat_gain(model, corpus.random_tokens)
    return found | head_scores(model, corpus.random_tokens)


def _scored(model: PreTrainedModel, tokens: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Sequences, as many at once as fit, with their logits of the next token; on the CPU,
    wherever the model is."""
    place = next((p.device for p in model.parameters()), tokens.device)
    length = (tokens.shape[1] - 1) * model.config.vocab_size
    yield from in_chunks(
        lambda part: (part, model(input_ids=part[:, :-1].to(place)).logits.cpu()),
        tokens,
        max(1, SCORES // length),
    )


def _divergence(p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q) of every position, nats."""
    return (torch.xlogy(p, p) - p * log_q).sum(-1).flatten()


@torch.no_grad()
def head_scores(model: PreTrainedModel, ids: tuple[int, ...]) -> dict[str, float]:
    """Prefix-matching and previous-token score of every head, on random tokens repeated once.

    Args:
        model: a causal language model.
        ids: token ids to draw from; empty: all.

    Returns:
        prefix_matching_<layer>.<head> and previous_token_<layer>.<head>: mean attention weight,
        from 0 to 1.

    Source: Olsson et al. 2022.
    """
    tokens = repeated_tokens(model, ids)
    half = tokens.shape[1] // 2
    second = torch.arange(half, 2 * half)
    found: dict[str, float] = {}
    patterns_of = architecture_of(model).attention_patterns
    for patterns in in_chunks(partial(patterns_of, model), tokens, SEQUENCES):
        for layer, pattern in enumerate(patterns):
            pattern = pattern.cpu()
            prefix = pattern[:, :, second, second - half + 1].mean(2).sum(0)  # its successor
            previous = pattern[:, :, second, second - 1].mean(2).sum(0)
            for head, both in enumerate(zip(prefix, previous, strict=True)):
                for name, value in zip(("prefix_matching", "previous_token"), both, strict=True):
                    key = f"{name}_{layer}.{head}"
                    found[key] = found.get(key, 0.0) + float(value) / len(tokens)
    return found


@torch.no_grad()
def repeat_gain(model: PreTrainedModel, ids: tuple[int, ...]) -> float:
    """Loss on the second copy of the same random tokens minus that on the first, both copies
    without their first tokens.

    Args:
        model: a causal language model.
        ids: token ids to draw from; empty: all.

    Returns:
        nats; below zero where the model repeats what it has seen.
    """
    tokens = repeated_tokens(model, ids)
    half = tokens.shape[1] // 2
    skipped = min(SKIPPED, half - 2)
    each = in_chunks(lambda part: token_losses(model, part).cpu(), tokens, SEQUENCES)
    losses = torch.cat([*each])
    return float(losses[:, half + skipped :].mean() - losses[:, skipped : half - 1].mean())


def repeated_tokens(model: PreTrainedModel, ids: tuple[int, ...]) -> Tensor:
    """Different random tokens, repeated once; the same at every call.

    Args:
        model: its context and its place count.
        ids: token ids to draw from; empty: all.

    Returns:
        ids (sequences, time), where the model is; time: twice the least of 128, half the context
        and the number of different tokens.
    """
    allowed = torch.tensor(ids or range(model.config.vocab_size))
    half = min(model.config.max_position_embeddings // 2, len(allowed), LONGEST)
    generator = torch.Generator().manual_seed(0)
    orders = torch.rand(RANDOM_SEQUENCES, len(allowed), generator=generator).argsort(1)
    once = allowed[orders[:, :half]]
    return torch.cat([once, once], 1).to(next(model.parameters()).device)


def outcomes(corpus: Corpus, evaluation: Evaluation) -> tuple[str, ...]:
    """What learning curves show: the loss of every class and, where there are delimiters,
    "delimiter_kind", the loss of a right delimiter's kind given that one comes.

    Args:
        corpus: the language; its right delimiters count.
        evaluation: its class names count.

    Returns:
        names, (outcomes,), in the order of `grouped_losses`.
    """
    kinds = (KIND,) if corpus.right_delimiters else ()
    return (*evaluation.class_names, *kinds)


@torch.no_grad()
def grouped_losses(model: PreTrainedModel, corpus: Corpus, evaluation: Evaluation) -> Tensor:
    """Summed losses of every outcome in every group of sequences, for intervals by resampling
    groups.

    Args:
        model: a causal language model.
        corpus: the language; its right delimiters count.
        evaluation: tokens (sequences, context + 1) and their classes.

    Returns:
        (groups, outcomes), nats; divide by `grouped_counts` for means.
    """
    right = torch.tensor(corpus.right_delimiters, dtype=torch.long)
    parts, kinds = [], []
    for tokens, scores in _scored(model, evaluation.tokens):
        parts.append(losses_of(scores, tokens))
        if corpus.right_delimiters:
            among = scores[..., right].logsumexp(-1) - scores.logsumexp(-1)  # log p of any
            kind = (parts[-1] + among) * torch.isin(tokens[:, 1:], right)
            kinds.append(kind.sum(1, keepdim=True))
    losses = torch.cat(parts)
    sums = torch.einsum("st,stc->sc", losses, evaluation.membership.to(losses))
    if kinds:
        sums = torch.cat([sums, torch.cat(kinds)], 1)
    return torch.stack([part.sum(0) for part in sums.tensor_split(GROUPS)])


def grouped_counts(corpus: Corpus, evaluation: Evaluation) -> Tensor:
    """Tokens of every outcome in every group of sequences.

    Args:
        corpus: the language; its right delimiters count.
        evaluation: tokens (sequences, context + 1) and their classes.

    Returns:
        (groups, outcomes), whole numbers.
    """
    counts = evaluation.membership.sum(1)
    if corpus.right_delimiters:
        is_right = torch.isin(evaluation.tokens[:, 1:], torch.tensor(corpus.right_delimiters))
        counts = torch.cat([counts, is_right.sum(1, keepdim=True)], 1)
    return torch.stack([part.sum(0) for part in counts.tensor_split(GROUPS)])


def baselines(corpus: Corpus, evaluation: Evaluation) -> dict[str, Tensor]:
    """Mean loss of every outcome under the language's unigram and bigram, and its floor where
    known.

    Args:
        corpus: the language: its frequencies and right delimiters count.
        evaluation: tokens (sequences, context + 1), their classes and, where known, their floor.

    Returns:
        unigram, bigram and, where known, floor -> (outcomes,), nats; NaN for a class without
        tokens.
    """
    before, after = evaluation.tokens[:, :-1], evaluation.tokens[:, 1:]
    known = corpus.frequencies
    each = {
        "unigram": -known.unigram[after].log(), "bigram": -known.bigram(before, after).log(),
    }  # fmt: skip
    if evaluation.floor is not None:
        each["floor"] = evaluation.floor.double()
    member = evaluation.membership.double()
    counts = member.sum((0, 1))
    means = {n: torch.einsum("st,stc->c", loss, member) / counts for n, loss in each.items()}
    if corpus.right_delimiters:
        chance = math.log(len(corpus.right_delimiters))
        kind = {"unigram": chance, "bigram": chance, "floor": 0.0}
        means = {n: torch.cat([mean, torch.tensor([kind[n]])]) for n, mean in means.items()}
    return means
