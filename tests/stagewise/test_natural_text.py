"""Every stage of a model on natural text, and of one trained elsewhere, in one process."""

from __future__ import annotations

import json

import pytest
import torch

from analysis.claims.core import claims_of
from analysis.claims.timing import timing_matters
from figures import figures_of, of_room, scripts
from figures.style.common import save
from models.corpora.classes_page import passage_page
from models.corpora.documents import CorpusError
from models.language.checkpoints import load_origin
from models.storage.errors import CheckpointError
from stagewise.config import ConfigError, load_config
from stagewise.paths import Paths
from stagewise.provenance.recorded import record, tables_elsewhere
from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, perform
from stagewise.tasks.everything import run_model
from stagewise.tasks.language.influence import estimate
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.sizes import side_by_side
from stagewise.tasks.merge.evidence import language_evidence, recorded_evidence
from stagewise.tasks.merge.figures import load_language_tables
from tests.stagewise.natural import ELSEWHERE, MODEL, configured, of_another, train_natural

pytestmark = pytest.mark.pipeline

TABLES, THEORY_TABLES = of_room("toy"), of_room("theory")
LANGUAGE_TABLES, ACROSS_TABLES = of_room("language"), of_room("across")
IN_DOCUMENT = ("stages_of_learning", *THEORY_TABLES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Corpus, checkpoints and learning curve."""
    return train_natural(tmp_path_factory.mktemp("natural"))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_natural_text_goes_all_the_way_and_into_the_record(trained, tmp_path):
    config, paths = configured(trained)
    place, seed = paths.language(MODEL), 0
    page = paths.classes_page("own").read_text()
    assert "| induction |" in page
    assert "Overlaps" in page
    speed = json.loads((place.seed(seed) / "speed.json").read_text())
    assert speed["tokens"] == 16 * 4 * 48
    assert 0 < speed["utilisation"] < 1
    assert "about" in estimate(LanguageRun(config, paths, MODEL, seed, threads=2))
    run_model(config, paths, MODEL, threads=2)
    with pytest.raises(ValueError, match="table 'nonsense'"):
        perform("language_collect", config, paths, model=MODEL, table="nonsense")
    tables = config.language.models[MODEL].tables
    assert all(place.whole(name).is_file() for name in tables)
    drawn = figures_of([*tables, "token_influence"])
    assert drawn == [name for name in LANGUAGE_TABLES if name != "schedules"]  # not asked for
    table = read_table(place.class_influence)
    assert (table["influence"].notna() == (table["n_pairs"] > 0)).all()
    evidence = language_evidence(config, paths, MODEL)
    decided = {c.id: c.finding for c in (decide(evidence) for decide in claims_of("language"))}
    assert list(decided) == ["C7", "C8", "C9", "C10", "X6", "X7", "X10"]
    assert decided["C9"].verdict == decided["X7"].verdict == "not run"  # one run, no interval
    assert not any("nan" in (f.measured + f.interval).split() for f in decided.values())
    assert decided["C8"].verdict == "not run"  # likewise
    side_by_side(Job(config, paths), tmp_path)
    beside = read_table(paths.across("sizes"))
    assert beside["model"].unique().tolist() == [MODEL]
    assert beside["tokens"].max() == 16 * 4 * 48

    record(config, paths, tmp_path)
    default = load_config()
    assert default.language.recorded[MODEL] == "workflow/config/natural.yaml"
    kept = tables_elsewhere(MODEL, tmp_path)
    assert figures_of(kept) == drawn
    for name in drawn:
        found = load_language_tables(default, Paths(tmp_path), MODEL, name, tmp_path)
        assert "a recorded run (1 seed), workflow/config/natural.yaml" in found.run
        save(scripts()[name].draw(found), tmp_path / "figures" / name)
        assert (tmp_path / "figures" / f"{name}.png").stat().st_size > 3000
    own = load_language_tables(config, paths, MODEL, "class_influence")["trajectories"]
    kept_table = read_table(kept["trajectories"])
    assert kept_table["mean"].to_numpy() == pytest.approx(own["mean"].to_numpy(), rel=1e-6)
    (tmp_path / MODEL / "threshold_times.parquet").unlink()
    partly = timing_matters(recorded_evidence(default, MODEL, tmp_path))
    assert "not asked for (language.models.natural.upweighting.classes)" in partly.finding.reason
    assert "--configfile workflow/config/natural.yaml" in partly.finding.reason
    again = recorded_evidence(default, MODEL, tmp_path)
    recorded = {c.id: c.finding.verdict for c in (d(again) for d in claims_of("language"))}
    assert recorded == {name: finding.verdict for name, finding in decided.items()}


def test_a_model_from_elsewhere_is_fetched_measured_and_told(trained):
    config, paths = of_another(trained)
    place = paths.language(ELSEWHERE)
    for step in (0, 4, 8, 16):
        perform("language_fetch", config, paths, model=ELSEWHERE, seed=0, step=step)
    made = load_origin(place.root / "seed0" / "step8")
    assert (made["repository"], made["revision"]) == ("someone/tiny", "step8")
    assert made["commit"] == "local"
    perform("language_train", config, paths, model=ELSEWHERE, seed=0)
    learning = read_table(place.part("learning", 0))
    assert sorted(learning["step"].unique()) == [0, 4, 8, 16]
    here = read_table(paths.language(MODEL).part("learning", 0))
    here = here[here["step"].isin([0, 4, 8, 16])]
    assert learning["loss"].to_numpy() == pytest.approx(here["loss"].to_numpy(), rel=1e-5)
    assert (place.root / "step16").resolve() == place.seed(0).resolve() / "step16"
    for step in (0, 4, 8, 16):
        perform("language_influence_step", config, paths, model=ELSEWHERE, seed=0, step=step)
    assert not place.part("influence", 0).exists()
    before = torch.get_num_threads()
    perform("language_influence", config, paths, model=ELSEWHERE, seed=0, progress=lambda _: None)
    assert torch.get_num_threads() == before
    table = read_table(place.part("influence", 0))
    assert sorted(table["tokens_seen"].unique()) == [0, 4000, 8000, 16000]
    with pytest.raises(ConfigError, match="step 3 of pythia_tiny is not measured: choose from 0,"):
        perform("language_influence_step", config, paths, model=ELSEWHERE, seed=0, step=3)


def test_another_tokenizer_than_the_models_is_refused(trained, tmp_path):
    config, _ = of_another(trained)
    other = load_config(
        settings=[
            f"results={tmp_path}",
            f"language.models={json.dumps({'controlled': None})}",
            f"language.corpora.own={config.language.corpora['own'].model_dump_json()}",
            "language.corpora.own.vocabulary=310",
            f"language.models.{ELSEWHERE}={config.language.models[ELSEWHERE].model_dump_json()}",
        ]
    )
    perform("language_corpus", other, Paths(other), corpus="own")
    with pytest.raises(
        CheckpointError, match=r"the tokenizer of corpus own is not that of someone"
    ):
        perform("language_fetch", other, Paths(other), model=ELSEWHERE, seed=0, step=8)
    assert not list((tmp_path / "language" / ELSEWHERE).rglob("*.safetensors"))


def test_text_of_other_settings_is_refused_by_key(trained):
    config, paths = configured(trained, "language.corpora.own.held_out=0.4")
    with pytest.raises(
        CorpusError, match=r"corpora.own.held_out = 0.3, the configuration says 0.4"
    ):
        perform("language_landmarks", config, paths, model=MODEL, seed=0)


def test_a_class_without_a_token_is_named(trained):
    config, paths = configured(trained, "language.corpora.own.classes.unseen={pattern: QXZ}")
    with pytest.raises(ValueError, match="no token of class unseen: take more sequences"):
        perform("language_influence", config, paths, model=MODEL, seed=0)


def test_a_passage_is_labelled_and_says_what_it_lacks(trained):
    from models.corpora.natural import load_text

    config, paths = configured(trained)
    text = load_text(paths.corpus("own"))
    page, absent = passage_page(
        config.language.corpora["own"].classes, text, "def f(x):\n    return 3\n"
    )
    assert "| numeric | 1 |" in page
    assert "induction" in absent
    with pytest.raises(CorpusError, match="a passage of 1 tokens: at least 3"):
        passage_page(config.language.corpora["own"].classes, text, "x")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"corpus": "nothing"}, r"models.natural.corpus = 'nothing': choose from own"),
        ({"pretrained": {"repository": "a/b", "steps": [0, 1, 2, 4]}, "forecast": None,
          "corpus": None}, r"corpus = null: the text it is measured on must be named"),
        ({"upweighting": {"classes": {"word": {"threshold": 1.0, "window": 1, "until": 2}}}},
         r"models.natural.upweighting.classes: no class word; choose from word_start"),
        ({"localisations": [1e5]}, "at least two values, or none"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused_by_name(settings, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        configured(tmp_path, f"language.models.{MODEL}={json.dumps(settings)}")


def test_classes_are_laid_over_the_default_ones(tmp_path):
    config, _ = configured(
        tmp_path, "language.corpora.own.classes={spacing: null, dunder: {pattern: _+}}"
    )
    classes = config.language.corpora["own"].classes
    assert "spacing" not in classes
    assert list(classes)[-1] == "dunder"
    assert "induction" in classes


def test_a_corpus_has_one_source(tmp_path):
    both = "packages, folder, dataset: exactly one, not packages and folder"
    with pytest.raises(ConfigError, match=both):
        configured(tmp_path, "language.corpora.own.packages=[rich]")
