"""Language models: the forward pass, the files, and training that can be continued exactly."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from models.corpora.corpus import Corpus, controlled_corpus
from models.corpora.grammar import Grammar
from models.language.architectures.attention_only import logits
from models.language.checkpoints import load_model, load_state, save_checkpoint
from models.language.model import build_model, token_losses
from models.language.optimizers import names
from models.language.settings import Network, Training
from models.language.training import LanguageTrainer, Upweighting, learning_rate
from models.storage.errors import CheckpointError

SMALL = {
    "attention_only": Network(width=16),
    "gpt_neox": Network(architecture="gpt_neox", width=16, layers=1),
}
TRAINING = Training(steps=40, batch_size=4, warmup=5, checkpoint_every=10)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return controlled_corpus(Grammar(), context=24, training=160, evaluation=16, seed=0)


@pytest.fixture(params=list(SMALL))
def model(request):
    return build_model(SMALL[request.param], vocabulary=64, context=24, seed=3)


def naive_logits(model, tokens):
    """The attention-only forward pass, one position and one head at a time."""
    p, heads = dict(model.named_parameters()), model.config.num_attention_heads
    x = p["tokens"][tokens] + p["positions"][: len(tokens)]
    d = x.shape[1]

    def normed(y, gain):
        y = y - y.mean(-1, keepdim=True)
        return y / (y.square().mean(-1, keepdim=True) + 1e-5).sqrt() * gain

    for layer in range(model.config.num_hidden_layers):
        name = f"layers.{layer}."
        read = normed(x, p[name + "norm"])
        q, k, v = (read @ p[name + "query_key_value"]).split(d, -1)
        mixed = torch.zeros_like(x)
        for head in range(heads):
            at = slice(head * d // heads, (head + 1) * d // heads)
            for t in range(len(tokens)):
                score = k[: t + 1, at] @ q[t, at] / (d / heads) ** 0.5
                mixed[t, at] = score.softmax(0) @ v[: t + 1, at]
        x = x + mixed @ p[name + "output"]
    return normed(x, p["norm"]) @ p["unembed"]


def test_forward_pass_and_gradient_are_the_naive_ones():
    # Gains away from one: at one, a gain left out or in the wrong place would not show.
    model = build_model(SMALL["attention_only"], vocabulary=64, context=24, seed=3)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in (p for p in model.parameters() if p.dim() == 1):
            p.mul_(1 + 0.3 * torch.randn(p.shape, generator=generator))
    tokens = torch.randint(64, (2, 25), generator=generator)
    slow = torch.stack([naive_logits(model, row) for row in tokens[:, :-1]])
    assert torch.allclose(model(input_ids=tokens[:, :-1]).logits, slow, atol=1e-5)
    expected = -slow.log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    fast = token_losses(model, tokens)
    assert torch.allclose(fast, expected, atol=1e-5)
    weights = list(model.parameters())
    theirs = torch.autograd.grad(expected.sum(), weights)
    for mine, their in zip(torch.autograd.grad(fast.sum(), weights), theirs, strict=True):
        assert (mine - their).abs().max() < 1e-5 * their.abs().max()


def test_chains_in_one_batch_equal_chains_alone():
    models = [
        build_model(SMALL["attention_only"], vocabulary=64, context=24, seed=s) for s in (0, 1)
    ]
    stack = {
        n: torch.stack([dict(m.named_parameters())[n] for m in models])
        for n, _ in models[0].named_parameters()
    }
    tokens = torch.randint(64, (2, 3, 20), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together = logits(stack, tokens, models[0].config)
        for c, model in enumerate(models):
            assert torch.allclose(together[c], model(input_ids=tokens[c]).logits, atol=1e-5)


def test_patterns_are_those_the_fused_kernel_used():
    model = build_model(SMALL["attention_only"], vocabulary=64, context=24, seed=3)
    stack = {n: p[None] for n, p in model.named_parameters()}
    patterns: list[torch.Tensor] = []
    logits(stack, torch.randint(64, (1, 2, 24)), model.config, patterns)
    assert len(patterns) == 2
    assert patterns[0].shape == (1, 2, 2, 24, 24)
    assert torch.allclose(patterns[1].sum(-1), torch.ones(1, 2, 2, 24))
    assert patterns[1].triu(1).abs().max() == 0


def test_losses_are_cross_entropies_of_the_next_token(model, corpus):
    tokens = corpus.evaluation.tokens[:3]
    scores = model(input_ids=tokens[:, :-1]).logits
    expected = F.cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    assert torch.allclose(token_losses(model, tokens).flatten(), expected)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.full((1, 9), 64), "token id 64: allowed 0 to 63"),
        (torch.full((1, 9), -1), "token id -1: allowed 0 to 63"),
        (torch.zeros(1, 26, dtype=torch.long), "sequences of 26 tokens: at most 25"),
        (torch.zeros(1, 1, dtype=torch.long), "fewer than 2 tokens"),
    ],
)
def test_tokens_the_model_cannot_read_are_refused(model, tokens, message):
    with pytest.raises(ValueError, match=message):
        token_losses(model, tokens)


def test_a_seed_gives_its_model_and_disturbs_nothing():
    torch.manual_seed(7)
    before = torch.rand(1)
    torch.manual_seed(7)
    a = build_model(Network(), vocabulary=64, context=24, seed=5)
    assert torch.equal(before, torch.rand(1))
    b = build_model(Network(), vocabulary=64, context=24, seed=5)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


@pytest.mark.parametrize("optimizer", names())
def test_resumed_training_equals_uninterrupted(corpus, tmp_path, optimizer):
    training = TRAINING.model_copy(update={"optimizer": optimizer})
    kind = Network(architecture="gpt_neox", width=16)  # with matrices, vectors and embeddings
    model = build_model(kind, vocabulary=corpus.vocabulary, context=24, seed=0)
    trainer = LanguageTrainer(model, corpus, training)
    trainer.train(10)
    save_checkpoint(tmp_path / "step10", model, corpus.tokenizer, trainer.state(), {})
    trainer.train(25)
    again = load_model(tmp_path / "step10").requires_grad_(True)
    resumed = LanguageTrainer(again, corpus, training)
    resumed.restore(10, load_state(tmp_path / "step10"))
    resumed.train(25)
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_checkpoints_are_what_from_pretrained_loads(model, corpus, tmp_path):
    save_checkpoint(tmp_path / "step0", model, corpus.tokenizer, {}, {})
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "step0", local_files_only=True)
    tokens = corpus.evaluation.tokens[:2, :-1]
    assert torch.allclose(loaded(input_ids=tokens).logits, model(input_ids=tokens).logits)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "step0", local_files_only=True)
    assert tokenizer("ba A (")["input_ids"] == [0, 44, 60]
    assert not list(tmp_path.glob(".*"))


def test_missing_damaged_and_pickled_weights_are_refused(model, corpus, tmp_path):
    folder = tmp_path / "step0"
    save_checkpoint(folder, model, corpus.tokenizer, {}, {})
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:500])
    with pytest.raises(CheckpointError, match="step0 cannot be read as a checkpoint"):
        load_model(folder)
    weights.unlink()
    with pytest.raises(CheckpointError, match="step0 has no weights"):
        load_model(folder)
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"as a pickle \(pytorch_model.bin\)"):
        load_model(folder)


def test_upweighting_adds_gradient_of_its_class_in_its_window_alone(model, corpus):
    members = corpus.members(torch.arange(4))
    extra = Upweighting(class_index=3, extra=2.0, start=5, stop=7)
    assert extra.weights(4, lambda: members) is None
    assert extra.weights(7, lambda: members) is None
    weights = extra.weights(6, lambda: members)
    assert set(weights[members[..., 3]].tolist()) == {3.0}
    assert set(weights[~members[..., 3]].tolist()) == {1.0}


def test_learning_rate_rises_then_falls_along_a_cosine():
    t = Training(steps=105, warmup=5, learning_rate=1.0, final_learning_rate=0.2)
    assert [learning_rate(s, t) for s in (0, 4)] == [0.2, 1.0]
    assert learning_rate(55, t) == pytest.approx(0.6)
    assert learning_rate(105, t) == pytest.approx(0.2)


def test_checkpoints_are_logarithmic_then_linear():
    assert Training(steps=100, checkpoint_every=20).checkpoints == [
        0, 1, 2, 4, 8, 16, 20, 40, 60, 80, 100,
    ]  # fmt: skip
    assert Training(steps=30, checkpoint_every=20).checkpoints[-2:] == [20, 30]
