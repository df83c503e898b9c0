"""whisky/plots.py: what is drawn is what the table says. (Not in the unit gate: no plot can spoil a model.)"""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from refresh_outputs import NOTEBOOKS

from whisky import neighbours, plots, scoring, table


@pytest.fixture(scope="module")
def whiskies():
    reference = NOTEBOOKS / "whisky" / "reference"
    return table.clean(table.read_raw(reference / "whiskies.csv"), table.read_raw(reference / "wishart_classes.csv"))[0]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_radar_has_the_twelve_scores_of_its_whisky(whiskies):
    figure = plots.radars(whiskies, ["Laphroaig", "Oban", "Scapa"], columns=2)
    assert len(figure.axes) == 3
    outline = figure.axes[0].lines[-1]
    reach = np.hypot(outline.get_xdata(), outline.get_ydata()) - plots.HUB
    np.testing.assert_allclose(reach, [4, 2, 4, 4, 1, 0, 0, 1, 1, 1, 0, 0, 4], atol=1e-9)
    assert (outline.get_xdata()[3] > 4, outline.get_ydata()[0] > 4) == (True, True)  # Medicinal right, Body up
    assert words(figure.axes[0]) == [*table.FEATURES, "Laphroaig", "Islay"]


def test_the_map_shows_every_distillery_where_it_is(whiskies):
    coast = pd.read_csv(NOTEBOOKS / "whisky" / "coast" / "scotland.csv")
    figure = plots.distillery_map(whiskies, coast, ["Talisker", "Macallan"])
    axes, inset = figure.axes[0], figure.axes[0].child_axes[0]
    shown = np.vstack([dots.get_offsets() for dots in axes.collections if len(dots.get_offsets()) > 1])
    assert len(shown) == len(whiskies)
    assert {tuple(dot) for dot in shown} == set(zip(whiskies["longitude"], whiskies["latitude"], strict=True))
    assert (words(axes), words(inset)) == (["Talisker"], ["Macallan"])
    assert axes.get_aspect() == pytest.approx(1.836, abs=0.01)
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    assert (shown >= (west, south)).all()
    assert (shown <= (east, north)).all()


def test_distilleries_stand_on_land(whiskies):
    """A check of the grid references and the coast at once: on land, or in a harbour no farther than 3 km from it."""
    coast = pd.read_csv(NOTEBOOKS / "whisky" / "coast" / "scotland.csv")
    outline = coast[["longitude", "latitude"]].to_numpy()
    places = whiskies[["longitude", "latitude"]].to_numpy()
    inside = np.zeros(len(places), dtype=bool)
    for _, part in coast.groupby("part"):
        inside |= mpl.path.Path(part[["longitude", "latitude"]].to_numpy()).contains_points(places)
    kilometres = np.abs(places[:, None] - outline) * (60.6, 111.2)
    inside |= np.hypot(kilometres[..., 0], kilometres[..., 1]).min(axis=1) < 3
    assert whiskies["whisky"][~inside].tolist() == []
    assert inside.sum() == 86


def test_the_flavour_map_has_the_named_whiskies_and_the_strong_arrows(whiskies):
    points, arrows, shares = plots.directions(whiskies[table.FEATURES])
    figure = plots.flavour_map(
        whiskies[["whisky", "region"]].assign(x=points[:, 0], y=points[:, 1]),
        pd.DataFrame(arrows, columns=["x", "y"]).assign(feature=table.FEATURES),
        shares,
        ["Laphroaig", "Macallan"],
    )
    found = words(figure.axes[0])
    assert {"Laphroaig", "Macallan", "Smoky", "Medicinal", "Winey"} <= set(found)
    assert "Nutty" in found
    assert "Tobacco" not in found


def test_directions_are_those_of_a_principal_component_analysis(whiskies):
    profiles = whiskies[table.FEATURES].to_numpy(float)
    points, arrows, shares = plots.directions(profiles)
    values = np.linalg.eigvalsh(np.cov(profiles.T))[::-1]
    np.testing.assert_allclose(shares, values / values.sum(), atol=1e-9)
    np.testing.assert_allclose(points, (profiles - profiles.mean(axis=0)) @ arrows, atol=1e-9)
    assert arrows[np.abs(arrows[:, 0]).argmax(), 0] > 0


def test_the_matrix_is_ordered_by_class_and_leaves_out_the_diagonal(whiskies):
    figure = plots.distance_matrix(whiskies)
    image = figure.axes[0].images[0].get_array()
    assert image.shape == (86, 86)
    assert np.ma.getmaskarray(np.ma.masked_invalid(image)).sum() == 86
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == list("ABCDEFGHIJ")


def test_the_bars_are_the_figures(whiskies):
    figure = plots.class_scores({"A": 0.5, "B": 0.25}, {"A": 7, "B": 14}, 0.1)
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.5, 0.25]
    counts = scoring.in_lists(neighbours.distances(whiskies[table.FEATURES].to_numpy(float), "euclidean"))
    figure = plots.in_lists(whiskies, counts, shown=5)
    assert [bar.get_width() for bar in figure.axes[0].patches] == sorted(counts)[-5:]


def test_the_variants_are_sorted_and_the_chosen_one_stands_out():
    scores = {("none", "euclidean"): np.array([0.4, 0.6]), ("standard", "cosine"): np.array([0.6, 0.7])}
    figure = plots.variants(scoring.comparison(scores, ("none", "euclidean")), 0.5, 0.65)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["euclidean, none", "cosine, standard"]
    colours = [line.get_color() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert colours[0] != colours[1]


def test_names_do_not_lie_on_each_other():
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    places = np.array([[5.0, 5.0], [5.05, 5.05], [5.1, 5.0]])
    plots._name(
        axes,
        places,
        pd.Series(["Glendronach", "Glenfarclas", "Glenlivet"]),
        ["Glendronach", "Glenfarclas", "Glenlivet"],
    )
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for row, one in enumerate(boxes) for other in boxes[:row])
