"""Checkpoints that others trained: fetched from a Hub on the loopback, its cache, a folder."""

from __future__ import annotations

import hashlib

import pytest
import torch
from huggingface_hub import HfApi
from safetensors.torch import load_file, save_file

from models.corpora.tokenizer import load_tokenizer, train_tokenizer
from models.language.checkpoints import load_model, save_checkpoint
from models.language.hub import Revision, find_revision, lay_out
from models.language.model import build_model
from models.language.settings import Network
from models.storage.errors import CheckpointError
from tests.models.language.hub_server import Hub, serve

REPOSITORY, STEPS = "someone/tiny-pythia", (0, 512, 1000)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Three revisions, trained here and saved as the Hub keeps them: folders by step."""
    root = tmp_path_factory.mktemp("trained")
    tokenizer = train_tokenizer(["def f(x): return x"] * 4, 260)
    network = Network(architecture="gpt_neox", width=16, layers=1, heads=2)
    for step in STEPS:
        model = build_model(network, vocabulary=264, context=16, seed=step)
        save_checkpoint(root / f"step{step}", model, tokenizer, {}, {})
        for extra in ("provenance.json", "training_state.safetensors"):
            (root / f"step{step}" / extra).unlink()
    return root


@pytest.fixture
def hub(trained, tmp_path, monkeypatch):
    """A Hub with these revisions, and an empty cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    found = Hub(REPOSITORY, {f"step{step}": trained / f"step{step}" for step in STEPS})
    with serve(found) as endpoint:
        yield found, endpoint


def fetched(revision: Revision, folder):
    folder.mkdir()
    lay_out(revision, folder)
    return load_model(folder)


def test_three_revisions_arrive_as_they_were_trained(hub, trained, tmp_path):
    server, endpoint = hub
    for step in STEPS:
        found = find_revision(REPOSITORY, step, endpoint=endpoint)
        assert found.commit == server.commit(f"step{step}")
        model = fetched(found, tmp_path / f"step{step}")
        expected = load_model(trained / f"step{step}").state_dict()
        assert all(torch.equal(p, expected[n]) for n, p in model.state_dict().items())
        assert load_tokenizer(tmp_path / f"step{step}").get_vocab()


def test_a_second_look_downloads_nothing(hub):
    server, endpoint = hub
    find_revision(REPOSITORY, 512, endpoint=endpoint)
    server.requests.clear()
    find_revision(REPOSITORY, 512, endpoint=endpoint)
    assert not [r for r in server.requests if r.startswith("GET someone")]


def test_a_revision_that_is_not_there_is_named_with_its_neighbours(hub):
    with pytest.raises(
        CheckpointError, match=r"no revision step700; the nearest are step0, step512, step1000"
    ):
        find_revision(REPOSITORY, 700, endpoint=hub[1])


def test_a_repository_that_is_not_there_is_named(hub):
    with pytest.raises(CheckpointError, match="there is no model 'someone/else'"):
        find_revision("someone/else", 0, endpoint=hub[1])


def test_a_revision_that_changes_while_it_is_fetched_is_not_mixed(hub, monkeypatch):
    server, endpoint = hub
    real, asked = HfApi.model_info, []

    def moved(self, *args, **kwargs):
        found = real(self, *args, **kwargs)
        if not asked:
            found.sha = server.commit("step0")  # what the branch was a moment ago
        asked.append(found.sha)
        return found

    monkeypatch.setattr("models.language.hub.HfApi.model_info", moved)
    with pytest.raises(CheckpointError, match="step512 changed while it was fetched, from "):
        find_revision(REPOSITORY, 512, endpoint=endpoint)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])  # large, and in git
def test_a_corrupted_file_is_named_and_not_kept(hub, trained, file):
    server, endpoint = hub
    true = (trained / "step1000" / file).read_bytes()
    server.served["step1000", file] = true[:-1] + bytes([true[-1] ^ 1])
    with pytest.raises(CheckpointError, match=rf"{file} of .* step1000 is damaged"):
        find_revision(REPOSITORY, 1000, endpoint=endpoint)
    server.served.clear()
    assert find_revision(REPOSITORY, 1000, endpoint=endpoint).commit == server.commit("step1000")


def test_a_truncated_download_is_named_and_not_kept(hub, trained, monkeypatch):
    server, endpoint = hub
    true = (trained / "step512" / "model.safetensors").read_bytes()
    server.served["step512", "model.safetensors"] = true[: len(true) // 2]
    server.announced["step512", "model.safetensors"] = len(true)
    with pytest.raises(
        CheckpointError, match=r"step512 did not arrive whole: .*model\.safetensors\)"
    ):
        find_revision(REPOSITORY, 512, endpoint=endpoint)
    server.served.clear()
    find_revision(REPOSITORY, 512, endpoint=endpoint)


def test_without_a_network_the_cache_does(hub, monkeypatch):
    server, endpoint = hub
    find_revision(REPOSITORY, 0, endpoint=endpoint)
    nowhere = "http://127.0.0.1:9"  # the discard port: nothing listens
    assert find_revision(REPOSITORY, 0, endpoint=nowhere).commit == server.commit("step0")
    with pytest.raises(CheckpointError, match="step512 is neither in the cache nor to be had"):
        find_revision(REPOSITORY, 512, endpoint=nowhere)


def test_without_a_network_a_damaged_or_partial_cache_does_not(hub):
    endpoint, nowhere = hub[1], "http://127.0.0.1:9"
    found = find_revision(REPOSITORY, 0, endpoint=endpoint)
    blob = found.files["model.safetensors"].resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match=r"model\.safetensors of .* step0 is damaged"):
        find_revision(REPOSITORY, 0, endpoint=nowhere)
    with pytest.raises(CheckpointError, match=r"step0 .*\(ConnectError\): connect once"):
        find_revision(REPOSITORY, 0, endpoint=nowhere)  # its config.json alone is no model


def test_a_folder_of_copies_is_enough(trained):
    found = find_revision(REPOSITORY, 512, local=str(trained))
    assert found.commit == "local"
    assert found.files["model.safetensors"].parent == trained / "step512"
    with pytest.raises(CheckpointError, match="has no copy of step7"):
        find_revision(REPOSITORY, 7, local=str(trained))


def test_half_precision_weights_are_measured_in_single(trained, tmp_path):
    folder = tmp_path / "half"
    folder.mkdir()
    lay_out(find_revision(REPOSITORY, 0, local=str(trained)), folder)
    weights = {n: t.half() for n, t in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert {p.dtype for p in load_model(folder).parameters()} == {torch.float32}


def test_a_pickle_is_read_as_weights_alone(trained, tmp_path):
    copy = tmp_path / "copies" / "step0"
    copy.mkdir(parents=True)
    (copy / "config.json").write_bytes((trained / "step0" / "config.json").read_bytes())
    torch.save(load_file(trained / "step0" / "model.safetensors"), copy / "pytorch_model.bin")
    found = find_revision(REPOSITORY, 0, local=str(tmp_path / "copies"))
    expected = load_model(trained / "step0").state_dict()
    model = fetched(found, tmp_path / "laid")
    assert all(torch.equal(p, expected[n]) for n, p in model.state_dict().items())

    class Trap:
        def __reduce__(self):
            return (hashlib.sha256, ())

    torch.save({"weight": Trap()}, copy / "pytorch_model.bin")
    (tmp_path / "trapped").mkdir()
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin cannot be read as weights"):
        lay_out(find_revision(REPOSITORY, 0, local=str(tmp_path / "copies")), tmp_path / "trapped")
