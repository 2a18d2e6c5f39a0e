"""Natural text: documents, their manifest, tokens, held-out split and sequences."""

from __future__ import annotations

import json
from importlib.metadata import distribution

import numpy as np
import pytest
import torch

from models.corpora.corpus import Corpus
from models.corpora.documents import (
    CorpusError,
    Document,
    check_manifest,
    dataset_documents,
    folder_documents,
    manifest,
    package_documents,
)
from models.corpora.natural import (
    ORIGIN,
    Text,
    load_text,
    save_text,
    text_corpus,
    tokenise,
    windows,
)
from models.corpora.token_classes import DEFAULT_CLASSES
from models.corpora.tokenizer import SEPARATOR, load_tokenizer
from models.storage.files import read_origin

WORDS = ["alpha", "beta", "gamma", "delta", "while", "return", "(x)", "[1]", "'a'", "\n    "]


def made_up(number: int, length: int = 60) -> list[Document]:
    """Documents of random words."""
    rng = np.random.default_rng(0)
    return [Document(f"{i}.py", " ".join(rng.choice(WORDS, length))) for i in range(number)]


@pytest.fixture(scope="module")
def text() -> Text:
    return tokenise(made_up(40), tokenizer=300, held_out=0.2, seed=0)


def test_package_sources_are_sorted_without_tests_and_name_their_licence():
    found = list(package_documents(["typer", "rich"]))
    names = [d.name for d in found]
    assert names == sorted(names)  # rich before typer, and sorted within each
    assert {name.split("/")[0] for name in names} == {"rich", "typer"}
    assert not any("tests" in name.split("/") or name.endswith("version.py") for name in names)
    licences = {d.licence for d in found if d.name.startswith("rich")}
    assert licences == {f"rich {distribution('rich').version}: MIT License"}


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(CorpusError, match="package 'no-such-thing' of the corpus is not installed"):
        list(package_documents(["no-such-thing"]))


def test_a_folder_is_read_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name, words in (("b/one.txt", "1"), ("a.txt", "2"), ("c.md", "3")):
        (tmp_path / name).write_text(words)
    found = [(d.name, d.text) for d in folder_documents(tmp_path, "*.txt")]
    assert found == [("a.txt", "2"), ("b/one.txt", "1")]
    with pytest.raises(CorpusError, match=r"has no file that matches \*.rst"):
        list(folder_documents(tmp_path, "*.rst"))
    with pytest.raises(CorpusError, match="nowhere' does not exist"):
        list(folder_documents(tmp_path / "nowhere", "*.txt"))


def test_a_dataset_is_one_of_its_columns(tmp_path):
    rows = [{"text": f"row {i}", "kind": "x"} for i in range(3)]
    folder = tmp_path / "pile"
    folder.mkdir()
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = list(dataset_documents(str(folder), "train", "text"))
    assert [d.text for d in found] == ["row 0", "row 1", "row 2"]
    with pytest.raises(CorpusError, match="has no column 'words': choose one of text, kind"):
        list(dataset_documents(str(folder), "train", "words"))
    with pytest.raises(CorpusError, match=r"split 'test', cannot be had"):
        list(dataset_documents(str(folder), "test", "text"))


def test_a_file_that_differs_from_the_manifest_is_named_with_what_to_do():
    licence = "thing 1.0: MIT"
    files = [Document(f"thing/{n}.py", n * 3, licence) for n in "abc"]
    expected = manifest(files)
    check_manifest(manifest(files), expected, ["thing"])
    changed, new = (Document(f"thing/{n}.py", "other", licence) for n in "ad")
    other = [changed, files[1], new]
    with pytest.raises(CorpusError) as error:
        check_manifest(manifest(other), expected, ["thing"])
    for part in (
        "1 changed (thing/a.py)", "1 missing (thing/c.py)", "1 new (thing/d.py)",
        "install these packages again", "set check_manifest of the corpus to false",
    ):  # fmt: skip
        assert part in str(error.value)
    newer = [Document(d.name, d.text + "#", "thing 2.0: MIT") for d in files]
    with pytest.raises(CorpusError, match=r"install thing==1\.0"):
        check_manifest(manifest(newer), expected, ["thing"])
    with pytest.raises(CorpusError, match="does not know other, only thing"):
        check_manifest(manifest(files), expected, ["other"])


def test_documents_are_split_whole_and_copies_dropped():
    documents = made_up(20)
    copies = [Document("copy.py", documents[3].text), Document("empty.py", "")]
    once, twice = (
        tokenise(d, tokenizer=300, held_out=0.25, seed=1) for d in (documents, documents + copies)
    )
    assert once.documents.equals(twice.documents)
    counts = once.documents["split"].value_counts()
    assert (counts["training"], counts["held out"]) == (15, 5)
    assert set(once.documents["document"]) == {d.name for d in documents}
    separator = once.tokenizer.convert_tokens_to_ids(SEPARATOR)
    assert (once.training == separator).sum() == 15
    parts = once.tokenizer.decode(once.held_out.tolist()).split(SEPARATOR)[1:]
    names = once.documents.loc[once.documents["split"] == "held out", "document"]
    texts = {d.name: d.text for d in documents}
    assert parts == [texts[name] for name in names]


def test_the_same_documents_give_the_same_tokens(text):
    again = tokenise(made_up(40), tokenizer=300, held_out=0.2, seed=0)
    assert torch.equal(text.training, again.training)
    assert text.tokenizer.get_vocab() == again.tokenizer.get_vocab()
    other = tokenise(made_up(40), tokenizer=300, held_out=0.2, seed=1)
    assert not torch.equal(text.training[:100], other.training[:100])


def test_too_little_text_is_refused():
    with pytest.raises(CorpusError, match=r"1 document\(s\) with text: at least 2"):
        tokenise(made_up(1), tokenizer=300, held_out=0.2, seed=0)
    with pytest.raises(CorpusError, match="a vocabulary of 200 tokens: at least 257"):
        tokenise(made_up(4), tokenizer=200, held_out=0.2, seed=0)


def test_a_tokenizer_may_come_from_a_folder(text, tmp_path):
    text.tokenizer.save_pretrained(tmp_path)
    found = tokenise(made_up(40), tokenizer=tmp_path, held_out=0.2, seed=0)
    assert torch.equal(found.training, text.training)
    with pytest.raises(CorpusError, match="no tokenizer in"):
        load_tokenizer(tmp_path / "nothing")


def test_a_corpus_is_kept_whole_or_not_at_all(text, tmp_path):
    folder = tmp_path / "text"
    save_text(text, folder, {"made": "here"})
    found = load_text(folder)
    assert read_origin(folder / ORIGIN) == {"made": "here"}
    assert torch.equal(found.training, text.training)
    assert torch.equal(found.held_out, text.held_out)
    assert (found.frequencies.counts != text.frequencies.counts).nnz == 0
    assert found.documents.equals(text.documents)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["text"]
    damaged = (folder / "tokens.safetensors").read_bytes()[:-9]
    (folder / "tokens.safetensors").write_bytes(damaged)
    with pytest.raises(CorpusError, match="text is not a whole corpus"):
        load_text(folder)


def corpus_of(text: Text, seed: int = 0, training: int = 1000) -> Corpus:
    return text_corpus(
        text, DEFAULT_CLASSES, context=16, training=training, evaluation=8, seed=seed
    )


def test_every_training_token_is_predicted_once(text):
    corpus = corpus_of(text)
    predicted = corpus.training[:, 1:].numel()
    assert predicted == (len(text.training) - 1) // 16 * 16
    kept = text.training[: predicted + 1]
    rows = windows(kept, 17, 16)
    assert sorted(map(tuple, corpus.training.tolist())) == sorted(map(tuple, rows.tolist()))


def test_the_seed_orders_training_and_leaves_the_evaluation(text):
    first, second = corpus_of(text, 0), corpus_of(text, 1)
    assert not torch.equal(first.training, second.training)
    assert torch.equal(first.evaluation.tokens, second.evaluation.tokens)
    few = corpus_of(text, 0, training=3)
    assert torch.equal(few.training, first.training[:3])


def test_members_of_training_sequences_are_those_of_their_tokens(text):
    corpus = corpus_of(text)
    member = corpus.members(torch.tensor([2, 5]))
    assert member.shape == (2, 16, len(DEFAULT_CLASSES))
    numeric = corpus.evaluation.class_names.index("numeric")
    pieces = [text.tokenizer.decode([i]) for i in corpus.training[5, 1:].tolist()]
    assert member[1, :, numeric].tolist() == [p.strip().isdigit() for p in pieces]


def test_a_text_too_short_for_the_evaluation_is_refused(text):
    with pytest.raises(CorpusError, match=r"9999 of 18 are needed; hold out more"):
        text_corpus(text, DEFAULT_CLASSES, context=16, training=1, evaluation=9999, seed=0)
