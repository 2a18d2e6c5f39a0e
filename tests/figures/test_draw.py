"""Every figure, drawn from tables of a few rows."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from figures import scripts
from tests.figures.conftest import changed, tables_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def picture(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=40)
    plt.close(figure)
    return file.getvalue()


@pytest.mark.parametrize("name", scripts())
def test_a_figure_follows_each_table_that_it_reads(name):
    # Other numbers in one table, another picture: no table is declared and then not drawn.
    script = scripts()[name]
    tables = tables_of(script)
    before = picture(script.draw(tables))
    assert len(before) > 2000
    for table, rows in tables_of(script).items():
        assert tables[table].equals(rows), f"{table} was changed by drawing it"
    for table in script.reads:
        tables = tables_of(script)
        tables[table] = changed(tables[table])
        assert picture(script.draw(tables)) != before, table


@pytest.mark.parametrize("name", scripts())
def test_a_missing_column_is_named(name):
    script = scripts()[name]
    tables = tables_of(script)
    first = script.reads[0]
    columns = [c for c in tables[first] if c in ("step", "mean", "value", "agreement")]
    for column in columns[:1]:
        tables[first] = tables[first].drop(columns=column)
        with pytest.raises((KeyError, AttributeError), match=column):
            plt.close(script.draw(tables))


def test_errors_of_the_limit_stand_at_their_values():
    script = scripts()["instantaneous_limit"]
    tables = tables_of(script)
    figure = script.draw(tables)
    rows = tables["limit_errors"].set_index("limit")
    for axis, limit in zip(figure.axes, ("window", "gamma"), strict=True):
        drawn = np.array(axis.lines[0].get_xydata(), float)
        np.testing.assert_allclose(drawn, rows.loc[limit, ["value", "mean"]].to_numpy(float))
    plt.close(figure)


def test_curves_are_drawn_by_step_whatever_the_order_of_rows():
    script = scripts()["window_ablation"]
    tables = tables_of(script)
    tables["window_curves"] = tables["window_curves"].sample(frac=1, random_state=0)
    figure = script.draw(tables)
    for line in figure.axes[0].lines[1:]:
        assert (np.diff(line.get_xdata()) > 0).all()
    rows = tables["window_curves"].query(
        "source == 'dog' and target == 'cat' and length == 10 and outcome == 'bif'"
    )
    drawn = next(line for line in figure.axes[0].lines if line.get_label().startswith("BIF"))
    np.testing.assert_allclose(drawn.get_ydata(), rows.sort_values("center")["mean"])
    plt.close(figure)


def test_a_rung_of_the_ladder_stands_at_its_times():
    script = scripts()["removal_ladder"]
    tables = tables_of(script)
    tables["removal_times"] = tables["removal_times"].assign(step=[*range(len(
        tables["removal_times"]))])  # fmt: skip
    figure = script.draw(tables)
    right, times = figure.axes[1], tables["removal_times"]
    wanted = times.query("source == 'dog' and target == 'cat' and label == 'loo_1'")["step"]
    drawn = [float(line.get_ydata()[0]) for line in right.lines
             if len(line.get_ydata()) == 1 and line.get_xdata()[0] == 1]  # fmt: skip
    assert sorted(drawn) == sorted(wanted)
    plt.close(figure)


def test_estimators_of_classes_that_are_new_are_drawn_too():
    script = scripts()["class_influence"]
    tables = tables_of(script)
    curves = tables["trajectories"]
    tables["trajectories"] = curves.replace({"label": {"gradient": "brand_new"}})
    _, names = script.draw(tables).axes[0].get_legend_handles_labels()
    assert names == ["BIF, sampled", "brand_new"]
