"""Work in pieces, where memory is short."""

from __future__ import annotations

import pytest
import torch

from models.corpora.corpus import controlled_corpus
from models.corpora.grammar import Grammar
from models.language.chunks import in_chunks
from models.language.model import build_model, token_losses
from models.language.settings import Network, Training
from models.language.training import LanguageTrainer, Upweighting


def of_room(room: int, run):
    """`run`, with memory for so many sequences; and the sizes it was asked for."""
    asked = []

    def scarce(first, *more):
        tokens = more[-1] if more else first
        asked.append(len(tokens))
        if len(tokens) > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(first, *more)

    return scarce, asked


def test_pieces_shrink_until_they_fit_and_none_is_lost_or_done_twice(caplog):
    run, asked = of_room(3, lambda part: part * 2)
    tokens = torch.arange(20).reshape(10, 2)
    assert torch.equal(torch.cat([*in_chunks(run, tokens, 10)]), 2 * tokens)
    assert asked == [10, 5, 3, 3, 3, 1]
    assert "out of GPU memory with 5 sequences at once: going on with 3" in caplog.text


def test_one_sequence_that_does_not_fit_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        list(in_chunks(of_room(0, lambda part: part)[0], torch.zeros(4, 2), 4))


@pytest.mark.parametrize("weight", [None, Upweighting(0, 2.0, 0, 3)])
def test_training_in_parts_of_a_batch_takes_the_same_steps(monkeypatch, weight):
    corpus = controlled_corpus(Grammar(), context=24, training=64, evaluation=4, seed=0)
    settings = Training(steps=8, batch_size=8, warmup=2, learning_rate=0.01)
    trained = []
    for room in (8, 3):
        model = build_model(Network(width=16), vocabulary=64, context=24, seed=0).double()
        scarce, asked = of_room(room, token_losses)
        monkeypatch.setattr("models.language.training.token_losses", scarce)
        trainer = LanguageTrainer(model, corpus, settings)
        trainer.train(3, weight)
        trained.append(dict(model.named_parameters()))
    assert asked == [8, 4, 2, 2, 2, 2] + [2] * 8  # no step with half a gradient
    for name, p in trained[0].items():
        assert torch.allclose(p, trained[1][name], rtol=1e-9, atol=1e-12), name
