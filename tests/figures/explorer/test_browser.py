"""The explorer in a browser: `apt-get install chromium` and `pip install playwright`."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytestmark = pytest.mark.xdist_group("explorer")
TABS = ("toy", "what-if", "language", "claims")
SHOWN = "document.body.dataset.shown === location.hash"


class Reader:
    """A reader at the page, who waits until what changed is drawn."""

    def __init__(self, page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, state: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(self.address + state)
        self.drawn()

    def drawn(self) -> None:
        self.page.wait_for_function(SHOWN, timeout=20_000)

    def state(self, key: str):
        return self.page.evaluate(f"explorer.state[{key!r}]")

    def rows(self, panel: str, dataset: str) -> list[dict]:
        return self.page.evaluate(
            f"explorer.panels[{panel!r}].view.data({dataset!r}).map((row) => ({{...row}}))"
        )

    def cursor(self, panel: str) -> tuple[float, list[float]]:
        """Where the cursor should stand, and where the bold lines of a panel do, in pixels."""
        at = self.page.evaluate(f"explorer.panels[{panel!r}].view.scale('x')(explorer.state.step)")
        places = self.page.locator(f'#{panel} line[stroke-width="2"]').evaluate_all(
            "lines => lines.map((line) => line.getAttribute('transform'))"
        )
        return at, [float(re.findall(r"[-\d.]+", place)[0]) for place in places]


@pytest.fixture(scope="module")
def reader(browser, address):
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    return Reader(page, address)


def of_pair(tables, label, source, target, variant="toy"):
    """The wanted rows of a curve."""
    table = tables["toy.trajectories"]
    here = table[["variant", "label", "source", "target"]] == [variant, label, source, target]
    return table[here.all(axis=1)].sort_values("step")


def test_every_view_is_drawn_without_an_error_and_without_a_network(reader):
    reader.open()
    for tab in TABS:
        reader.page.click(f'nav a[data-to="{tab}"]')
        reader.drawn()
        assert reader.page.locator("section:visible").count() == 1
        panels = reader.page.locator("section:visible .panel.chart svg.marks")
        assert panels.count() == {"toy": 5, "what-if": 1, "language": 3, "claims": 0}[tab]
    assert reader.errors == []
    assert all(url.startswith(("file:", "data:", "about:", "blob:")) for url in reader.asked)


def test_arrow_keys_on_the_slider_move_the_cursor(reader):
    reader.open("#tab=toy&step=20")
    reader.page.focus("#control-step")
    for step in (40, 60):
        reader.page.keyboard.press("ArrowRight")
        reader.drawn()
        assert reader.state("step") == step
        for panel in ("toy-pair", "toy-loss", "toy-modes"):
            at, lines = reader.cursor(panel)
            assert np.abs(np.array(lines) - at).min() < 0.6
        assert {row["step"] for row in reader.rows("toy-matrix", "matrix")} == {step}
    assert reader.page.locator("#control-step + output").inner_text() == "60"


def test_a_link_goes_to_the_flip(reader):
    reader.open("#tab=toy&source=dog&target=cat")
    assert reader.state("step") == 0  # oak, the pair shown at first, has no flip
    reader.page.click(".tries a >> nth=0")
    reader.drawn()
    assert (reader.state("target"), reader.state("step")) == ("cat", 40)  # flip at 31, nearest


def test_the_button_plays_to_the_end(reader):
    reader.open("#tab=toy&step=40")
    reader.page.click('[data-play="step"]')
    reader.page.wait_for_function("explorer.state.step === 60", timeout=5000)
    reader.page.wait_for_function(
        "document.querySelector('[data-play=step]').textContent.includes('play')", timeout=5000
    )


def test_a_click_on_the_matrix_shows_that_pair(reader, tables):
    reader.open("#tab=toy&step=20&source=dog&target=cat")
    before = [row["mean"] for row in reader.rows("toy-pair", "curve")]
    np.testing.assert_allclose(before, of_pair(tables, "bif", "dog", "cat")["mean"], rtol=1e-4)
    reader.page.click('#toy-matrix path[aria-label^="oak on dog"]')
    reader.drawn()
    assert (reader.state("source"), reader.state("target")) == ("oak", "dog")
    wanted, found = of_pair(tables, "bif", "oak", "dog"), reader.rows("toy-pair", "curve")
    for column in ("mean", "low", "high"):
        np.testing.assert_allclose([row[column] for row in found], wanted[column], rtol=6e-3)
    number = wanted.set_index("step").loc[20, "mean"]
    said = reader.page.inner_text("#toy-value .drawing").replace("−", "-")
    assert float(said.split("step 20: ")[1].split(",")[0]) == pytest.approx(number, rel=6e-3)


def test_matrix_losses_and_events_are_those_of_the_tables(reader, tables):
    reader.open("#tab=toy&step=40&estimator=unrolled&source=dog&target=cat")
    table = tables["toy.trajectories"].query(
        "variant == 'toy' and label == 'unrolled' and step == 40"
    )
    wanted = table.set_index(["source", "target"])["mean"]
    rows = reader.rows("toy-matrix", "matrix")
    assert len(rows) == len(wanted) == 9
    for row in rows:
        assert row["mean"] == pytest.approx(wanted[row["source"], row["target"]], rel=1e-4)
    losses = tables["toy.losses"].query("variant == 'toy'").groupby(["step", "item"])["loss"].mean()
    for row in reader.rows("toy-loss", "losses"):
        assert row["loss"] == pytest.approx(losses[row["step"], row["item"]], rel=1e-4)
    reader.page.select_option("#control-estimator", label="BIF, sampled (loss²)")
    reader.drawn()
    said = reader.page.inner_text("#toy-events .drawing")
    assert said == "turns harmful at step 31 [25, 38]; peak at step 44 [41, 50]"


def test_another_training_has_its_own_steps_and_no_event(reader, tables):
    reader.open("#tab=toy&step=60&variant=adam&source=cat&target=oak")
    assert reader.state("step") == 16  # its last
    wanted = of_pair(tables, "bif", "cat", "oak", "adam")["mean"]
    found = [row["mean"] for row in reader.rows("toy-pair", "curve")]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    assert "no flip or peak" in reader.page.inner_text("#toy-events")


def test_the_address_restores_the_state(reader):
    state = "#tab=toy&variant=toy&step=40&source=cat&target=oak&estimator=unrolled&second=bif"
    reader.open(state)
    assert reader.page.url.endswith(state)
    assert reader.page.input_value("#control-step") == "2"
    for key, words in (("source", "cat"), ("second", "BIF, sampled (loss²)")):
        chosen = reader.page.locator(f"#control-{key} option:checked")
        assert chosen.inner_text() == words
    assert len(reader.rows("toy-pair", "second")) == 4
    reader.page.evaluate("location.hash = '#tab=language&model=natural'")  # as a link does
    reader.drawn()
    assert reader.page.locator("#control-model option:checked").inner_text() == "natural text"
    reader.open("#tab=nonsense&step=many&source=whale")
    assert (reader.state("tab"), reader.state("source")) == ("toy", "dog")
    assert reader.errors == []


def test_what_if_moves_curve_and_flip_and_keeps_the_one_compared_with(reader, tables):
    reader.open("#tab=what-if")
    assert reader.state("learning_rate") == 0.1  # as told
    reader.open("#tab=what-if&sharpness=1&learning_rate=0.05&theory=first_order")
    home = reader.rows("what-if-0", "home")
    assert "turns harmful at step 20" in reader.page.inner_text("#what-if-events-0")
    reader.page.focus("#control-sharpness")
    reader.page.keyboard.press("ArrowRight")
    reader.drawn()
    wanted = tables["theory.what_if"].query(
        "sharpness == 1.25 and learning_rate == 0.05 and theory == 'first_order'"
    )["influence"]
    found = [row["influence"] for row in reader.rows("what-if-0", "curve")]
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
    assert reader.rows("what-if-0", "home") == home
    assert "turns harmful at step 25" in reader.page.inner_text("#what-if-events-0")


def test_classes_runs_and_tokens_are_those_of_the_tables(reader, tables):
    reader.open("#tab=language&model=controlled&checkpoint=100&token=1")
    reader.page.click(
        '#language-matrix path[aria-label^="induction on word"]'
    )  # stored as word on it
    reader.drawn()
    table = tables["language.trajectories"]
    here = table.query("label == 'bif' and source == 'word' and target == 'induction'")
    mean = here[here["experiment"] == "language/controlled"]["mean"]
    found = reader.rows("language-pair", "mean")
    np.testing.assert_allclose([row["mean"] for row in found], mean, rtol=1e-4)
    assert {row["run"] for row in reader.rows("language-pair", "runs")} == {
        "mean", "seed0", "seed1", "seed2"}  # fmt: skip
    tokens = tables["language.token_influence"].query("step == 100")
    for clicked in (1, 2):
        tiles = reader.page.locator("#language-passage button")
        tiles.nth(clicked).click()
        reader.drawn()
        assert tiles.nth(clicked).get_attribute("aria-pressed") == "true"
        wanted = tokens[tokens["target"] == clicked].sort_values("source")["influence"]
        values = tiles.evaluate_all("tiles => tiles.map((tile) => Number(tile.dataset.value))")
        np.testing.assert_allclose(values, wanted, atol=5.1e-5)
    reader.page.select_option("#control-model", label="natural text")
    reader.drawn()
    assert "is not there for what is chosen here" in reader.page.inner_text("#language-passage")
    assert not reader.page.locator("#language-passage button").first.is_visible()


def test_claims_are_filtered_and_open_with_their_picture(reader):
    reader.open("#tab=claims")
    rows = reader.page.locator("details.claim:visible")
    assert rows.count() == 3
    reader.page.select_option("#control-origin", label="the paper's")
    reader.page.select_option("#control-verdict", label="replicated")
    reader.drawn()
    assert rows.count() == 1
    reader.page.focus("#claim-C1 summary")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_function("location.hash.includes('claim=C1')", timeout=5000)
    image = reader.page.locator("#claim-C1 img")
    reader.page.wait_for_function("document.querySelector('#claim-C1 img').naturalWidth === 30")
    assert image.get_attribute("alt").startswith("figure overview: It flips")
    assert "because" in rows.inner_text()
    reader.page.click("#claim-C1 a")
    reader.drawn()
    assert (reader.state("tab"), reader.state("source")) == ("toy", "dog")


def test_on_a_phone_nothing_is_wider_than_the_screen(reader):
    reader.page.set_viewport_size({"width": 380, "height": 760})
    for tab in TABS:
        reader.open(f"#tab={tab}")
        wide = reader.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, tab
        widest = reader.page.locator("svg.marks").evaluate_all(
            "all => Math.max(0, ...all.map((svg) => svg.getBoundingClientRect().right))"
        )
        assert widest <= 380
    reader.page.set_viewport_size({"width": 1200, "height": 900})


def test_no_word_of_a_chart_is_cut(reader):
    # The space for labels follows from data, which come after the chart.
    for state in ("toy&step=20", "toy&variant=adam", "what-if", "language"):
        reader.open(f"#tab={state}")
        cut = reader.page.locator("section:not([hidden]) svg.marks").evaluate_all(
            """all => all.flatMap((svg) => [...svg.querySelectorAll("text")].filter((text) => {
                 const word = text.getBoundingClientRect(), frame = svg.getBoundingClientRect();
                 const out = word.left < frame.left - 1 || word.right > frame.right + 1
                   || word.top < frame.top - 1 || word.bottom > frame.bottom + 1;
                 return word.width && getComputedStyle(text).opacity > 0 && out;
               }).map((text) => text.textContent))"""
        )
        assert cut == [], state


def test_dark_mode_and_print_change_the_ground(reader):
    def ground(**media) -> tuple[int, ...]:
        reader.page.emulate_media(**media)
        told = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return tuple(int(n) for n in re.findall(r"\d+", told))

    reader.open("#tab=toy")
    assert max(ground(color_scheme="dark")) < 60
    label = reader.page.locator("#toy-pair .role-axis-label text").first
    ink = label.evaluate("text => getComputedStyle(text).fill")
    assert min(int(n) for n in re.findall(r"\d+", ink)) > 150  # light words on it
    assert min(ground(color_scheme="light")) > 240
    assert min(ground(media="print", color_scheme="dark")) > 240
    assert not reader.page.locator("nav").is_visible()
    reader.page.emulate_media(media="screen", color_scheme="light")


def test_controls_and_charts_have_names(reader):
    reader.open("#tab=toy")
    for control in reader.page.locator("section:visible :is(select, input)").all():
        label = reader.page.locator(f'label[for="{control.get_attribute("id")}"]')
        assert label.inner_text().strip()
    charts = reader.page.locator("#toy-pair [role='graphics-document']")
    assert charts.get_attribute("aria-label") == "Trajectory of the pair's influence."
    figures = reader.page.locator("section:visible figure")
    assert all(figures.evaluate_all("all => all.map((figure) => figure.ariaLabel)"))
