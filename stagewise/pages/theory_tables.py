"""Tables of the theory's document, as Markdown."""

from __future__ import annotations

import pandas as pd

from models.storage.markdown import markdown_table

SHOWN = ("bif", "unrolled", "unrolled_aligned", "loo_1")  # estimators in the table of times


def error_table(errors: pd.DataFrame) -> str:
    """The closed form's error by cause, and first-order theory's."""
    if errors.empty:
        return "*No closed form for this training.*"
    keys = ["hierarchy", "initialisation"]
    ladder = errors[errors["order"] >= 0].pivot(index=keys, columns="order", values="error")
    names = ["as it is", "− step size", "− misalignment", "− input covariance", "− start turning"]
    shown = ladder.map("{:.2%}".format)
    shown.columns = pd.Index(names)
    tangent = errors[errors["taken_away"] == "first_order"].set_index(keys)["error"]
    shown["first order against unrolled"] = tangent.map("{:.0e}".format)
    title = "Relative error of the closed form, causes taken away one after the other:"
    shown = shown.reset_index()
    return f"{title}\n\n{markdown_table([*shown.columns], shown.to_numpy())}"


def times_table(rows: pd.DataFrame) -> str:
    """Predicted against measured times."""
    rows = rows[rows["estimator"].isin(SHOWN)]
    if rows.empty:
        return "*No predicted times for this training.*"
    shown = pd.DataFrame(
        {
            "hierarchy": rows["hierarchy"],
            "estimator": rows["estimator"],
            "events": rows["matched"],
            "unforeseen": rows["unforeseen"],
            "not found": rows["missed"],
            "large peaks not found": rows["missed_large"].astype(str)
            + " of "
            + rows["large"].astype(str),
            "median error (steps)": rows["median_error"].map("{:.1f}".format),
            "worst": rows["worst_error"].map("{:.0f}".format),
            "median (widths)": rows["median_widths"].map("{:.3f}".format),
            "worst (widths)": rows["worst_widths"].map("{:.2f}".format),
        }
    )
    title = "Times of flips and peaks, predicted without a free parameter, against measurement:"
    return f"{title}\n\n{markdown_table([*shown.columns], shown.to_numpy())}"
