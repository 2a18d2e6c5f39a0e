"""Checkpoints kept while training, and read again."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, Trainer, TrainingArguments

import stagewise
from models.storage.errors import CheckpointError

X = torch.randn(16, 3, generator=torch.manual_seed(0))
Y = (X.sum(1) > 0).long()


def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def train(folder, until, *, stop=None):
    """A plain loop; killed after `stop` steps."""
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    keep = stagewise.Recorder(folder, until=until, every=8, optimizer=True)
    begin = keep.resume(model, optimizer)
    for step in range(begin, until + 1):
        keep(step, model, optimizer)
        if step == (until if stop is None else stop):
            return model
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    return model


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path):
    whole = train(tmp_path / "whole", 20)
    train(tmp_path / "killed", 20, stop=11)
    again = train(tmp_path / "killed", 20)
    for a, b in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    kept = [0, 1, 2, 4, 8, 16, 20]
    assert stagewise.Recorder(tmp_path / "killed", steps=[1]).kept == kept
    run = stagewise.Run.from_checkpoints(build, tmp_path / "whole")
    assert run.steps == kept
    draws = run.sample((X, Y), posterior=stagewise.Posterior(chains=2, draws=20, burn_in=0))
    assert draws.draws.checkpoint_losses.mean(1)[-1] < draws.draws.checkpoint_losses.mean(1)[0]


def test_a_kill_while_writing_leaves_no_half_checkpoint(tmp_path, monkeypatch):
    import stagewise.attribution.recorder as module

    def killed(*_, **__):
        raise KeyboardInterrupt

    keep = stagewise.Recorder(tmp_path, steps=[0], optimizer=True)
    model = build()
    monkeypatch.setattr(module, "save_file", killed)
    with pytest.raises(KeyboardInterrupt):
        keep(0, model, torch.optim.SGD(model.parameters(), lr=1.0))
    assert keep.kept == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_recorder_cannot_do_is_said(tmp_path):
    with pytest.raises(ValueError, match="give until and every, or steps"):
        stagewise.Recorder(tmp_path, until=3)
    with pytest.raises(ValueError, match="until = 0, every = 1: both at least 1"):
        stagewise.Recorder(tmp_path, until=0, every=1)
    with pytest.raises(ValueError, match=r"Recorder\(optimizer=True\) needs the optimizer"):
        stagewise.Recorder(tmp_path, steps=[0], optimizer=True)(0, build())
    stagewise.Recorder(tmp_path, steps=[0])(0, build())
    model = build()
    with pytest.raises(CheckpointError, match=r"has no optimizer\.safetensors"):
        stagewise.Recorder(tmp_path, steps=[0]).resume(model, torch.optim.Adam(model.parameters()))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_trainer_of_transformers_keeps_them(tmp_path):
    torch.manual_seed(0)
    tokens = torch.randint(0, 12, (16, 8))
    config = GPTNeoXConfig(
        vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=8,
    )  # fmt: skip
    logging.getLogger("transformers").setLevel(logging.ERROR)
    arguments = TrainingArguments(
        output_dir=str(tmp_path / "out"), max_steps=6, per_device_train_batch_size=4,
        save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    trainer = Trainer(
        model=GPTNeoXForCausalLM(config),
        args=arguments,
        train_dataset=[{"input_ids": row, "labels": row} for row in tokens],
        callbacks=[stagewise.TrainerCallback(tmp_path / "kept", every=3)],
    )
    trainer.train()
    run = stagewise.Run.from_checkpoints(lambda: GPTNeoXForCausalLM(config), tmp_path / "kept")
    assert run.steps == [0, 1, 2, 3, 6]
    end = dict(trainer.model.named_parameters())
    kept = load_file(tmp_path / "kept" / "step6" / "model.safetensors")
    assert all(torch.equal(kept[name], end[name]) for name in kept)
    draws = run.sample(
        (tokens[:, :-1], tokens[:, 1:]), steps=[0, 6],
        posterior=stagewise.Posterior(nbeta=10, gamma=1e4, step_size=1e-5, chains=2, draws=20),
    )  # fmt: skip
    assert (draws.samples, draws.tokens) == (16, 7)
    with pytest.raises(ValueError, match="every = 0: at least 1"):
        stagewise.TrainerCallback(tmp_path, every=0)


def test_folders_of_revisions_are_a_pretrained_run(tmp_path):
    config = GPTNeoXConfig(
        vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=8,
    )  # fmt: skip
    for step in (0, 512):
        GPTNeoXForCausalLM(config).save_pretrained(tmp_path / f"step{step}")
    run = stagewise.Run.from_pretrained(str(tmp_path), ["step0", "step512"])
    tokens = torch.randint(0, 12, (5, 8))
    few = stagewise.Posterior(nbeta=10, gamma=1e4, step_size=1e-5, chains=2, draws=20)
    draws = run.sample((tokens[:, :-1], tokens[:, 1:]), posterior=few)
    assert draws.influence(tokens[:, 1:] % 2).step.values.tolist() == [0, 512]
    with pytest.raises(CheckpointError, match="revision 'main' does not end with a step"):
        stagewise.Run.from_pretrained(str(tmp_path), ["main"])


class Harmful:
    def __reduce__(self):
        return Path.touch, (Path("harm"),)


def test_files_of_weights_are_read_and_nothing_in_them_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": build().state_dict(), "epoch": 3}, tmp_path / "step3.pt")
    torch.save(build().state_dict(), tmp_path / "step4.pth")
    assert stagewise.Run.from_checkpoints(build, tmp_path).steps == [3, 4]
    assert stagewise.Run.from_checkpoints(build, tmp_path, steps=[4]).steps == [4]
    with pytest.raises(CheckpointError, match="has no step 9; the nearest: 4, 3"):
        stagewise.Run.from_checkpoints(build, tmp_path, steps=[9])
    torch.save({"model": Harmful()}, tmp_path / "step5.pt")
    with pytest.raises(CheckpointError, match=r"step5.pt is a pickle of more than weights"):
        stagewise.Run.from_checkpoints(build, tmp_path)
    assert not (tmp_path / "harm").exists()
    (tmp_path / "step5.pt").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match=r"step5.pt"):
        stagewise.Run.from_checkpoints(build, tmp_path)
    (tmp_path / "step5.pt").unlink()
    (tmp_path / "step3").mkdir()
    (tmp_path / "step3" / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="has step 3 twice"):
        stagewise.Run.from_checkpoints(build, tmp_path)
    with pytest.raises(CheckpointError, match="has no checkpoints: step<N> or checkpoint-<N>"):
        stagewise.Run.from_checkpoints(build, tmp_path / "step3")
