"""The plots of the notebooks, in one style: a few quiet colours, labels that can be read, nothing to decode."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whisky import neighbours
from whisky.table import FEATURES, MOST

INK, PALE, PAPER = "#2f2a26", "#d9d3c7", "#ffffff"
LAND, SEA = "#efeae0", "#f8fafb"
REGION_COLOURS = {
    "Speyside": "#b8862d",
    "Highland": "#6b7f4e",
    "Islands": "#3f7f93",
    "Islay": "#a23b2a",
    "Lowland": "#9a86b4",
    "Campbeltown": "#5b4b8a",
}
# A radar's score of 0 keeps a place of its own, this far from the middle, so that thin profiles stay shapes.
HUB = 0.6

# Where a name may stand beside its dot: points right and up, and which share of it lies to the left.
SIDES = ((6, -3, 0), (-6, -3, 1), (0, 6, 0.5), (0, -13, 0.5), (5, 4, 0), (-5, 4, 1), (5, -11, 0), (-5, -11, 1))

# Set for whoever imports this module: a notebook.
plt.rcParams.update(
    {
        "figure.dpi": 72,
        "figure.facecolor": PAPER,
        "font.size": 9,
        "text.color": INK,
        "axes.edgecolor": PALE,
        "axes.labelcolor": INK,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": INK,
        "ytick.color": INK,
        "legend.frameon": False,
    }
)


def radars(table: pd.DataFrame, whiskies: Sequence[str], columns: int = 4) -> Figure:
    """A radar chart of the twelve scores for each of `whiskies`, coloured by region."""
    rows = -(-len(whiskies) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2.75 * columns, 2.65 * rows), squeeze=False)
    for axes, whisky in zip(grid.flat, whiskies, strict=False):
        row = table.set_index("whisky").loc[whisky]
        _radar(axes, row[FEATURES].to_numpy(float), REGION_COLOURS[row["region"]])
        axes.text(0, 7.6, whisky, ha="center", weight="bold", fontsize=11)
        axes.text(0, 6.8, row["region"], ha="center", color="#8d8473")
    for axes in grid.flat[len(whiskies) :]:
        axes.remove()
    figure.subplots_adjust(left=0, right=1, top=1, bottom=0, wspace=0.05, hspace=0.05)
    return figure


def distillery_map(table: pd.DataFrame, coast: pd.DataFrame, named: Sequence[str]) -> Figure:
    """The distilleries in real coordinates, coloured by region, the Speyside enlarged, with the names of `named`."""
    figure, axes = plt.subplots(figsize=(9.4, 8.2))
    inset = axes.inset_axes((0.625, 0.33, 0.365, 0.42))
    speyside = ((-3.75, -2.42), (57.12, 57.78))
    for view, (west_east, south_north), size in (
        (axes, ((-7.9, 2.3), (54.5, 59.45)), 26),
        (inset, speyside, 34),
    ):
        for _, part in coast.groupby("part"):
            view.fill(part["longitude"], part["latitude"], facecolor=LAND, edgecolor="#b9b1a2", linewidth=0.6)
        for region, colour in REGION_COLOURS.items():
            here = table[table["region"] == region]
            view.scatter(
                here["longitude"], here["latitude"], s=size, color=colour, edgecolor=PAPER, linewidth=0.5,
                label=f"{region} ({len(here)})", zorder=3,
            )  # fmt: skip
        view.set(xlim=west_east, ylim=south_north, facecolor=SEA, xticks=[], yticks=[])
        view.set_aspect(1 / np.cos(np.radians(57)))
    inset.spines[:].set(visible=True, color="#b9b1a2")
    inset.set_title("Speyside, enlarged", loc="left", fontsize=9, weight="normal")
    axes.indicate_inset_zoom(inset, edgecolor="#b9b1a2")
    places = table[["longitude", "latitude"]].to_numpy()
    within = _within(places, speyside)
    _name(axes, places, table["whisky"], [whisky for whisky in named if not within[table["whisky"] == whisky].any()])
    _name(inset, places[within], table["whisky"][within], named)
    axes.legend(loc="upper left", title="Region", alignment="left")
    axes.set_title("Where the whiskies come from", loc="left")
    return figure


def flavour_map(points: pd.DataFrame, arrows: pd.DataFrame, shares: npt.ArrayLike, named: Sequence[str]) -> Figure:
    """Whiskies on the two main directions of flavour (x, y), and how the twelve scores point (arrows)."""
    figure, axes = plt.subplots(figsize=(8.6, 6.6))
    reach = 0.75 * np.abs(points[["x", "y"]].to_numpy()).max(axis=0).min() / np.abs(arrows[["x", "y"]].to_numpy()).max()
    for feature, x, y in arrows[["feature", "x", "y"]].itertuples(index=False):
        if np.hypot(x, y) < 0.25:
            continue
        tip = (x * reach, y * reach)
        axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": "#d3cbbc", "lw": 1.4}, zorder=1)
        axes.annotate(
            feature, tip, (14 * np.sign(x), 7 * np.sign(y)), textcoords="offset points", color="#8d8473",
            ha="center", va="center", style="italic", zorder=2,
        )  # fmt: skip
    for region, colour in REGION_COLOURS.items():
        here = points[points["region"] == region]
        axes.scatter(here["x"], here["y"], s=34, color=colour, edgecolor=PAPER, linewidth=0.6, label=region, zorder=3)
    across, up = np.asarray(shares)[:2]
    axes.set(xlabel=f"first direction ({across:.0%} of the variance)", ylabel=f"second direction ({up:.0%})")
    axes.axhline(0, color=PALE, lw=0.8, zorder=0)
    axes.axvline(0, color=PALE, lw=0.8, zorder=0)
    axes.margins(0.08)
    _name(axes, points[["x", "y"]].to_numpy(), points["whisky"], named)
    axes.legend(loc="best")
    axes.set_title("The flavour map", loc="left")
    return figure


def distance_matrix(table: pd.DataFrame, metric: str = "euclidean") -> Figure:
    """All distances between whiskies, ordered by Wishart's class, with the classes marked off."""
    ordered = table.sort_values(["wishart_class", "whisky"], kind="stable")
    apart = neighbours.distances(ordered[FEATURES].to_numpy(np.float64), metric)
    labels = ordered["wishart_class"].replace("", "none").to_numpy(str)
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
    ends = np.r_[starts[1:], len(labels)]
    figure, axes = plt.subplots(figsize=(7.4, 6.4))
    np.fill_diagonal(apart, np.nan)  # a whisky is no neighbour of its own
    nearest, far = np.nanquantile(apart, [0.005, 0.95])
    image = axes.imshow(apart, cmap="YlOrBr_r", interpolation="nearest", vmin=nearest, vmax=far)
    for start in starts[1:]:
        axes.axhline(start - 0.5, color=INK, lw=0.5)
        axes.axvline(start - 0.5, color=INK, lw=0.5)
    axes.set_xticks((starts + ends - 1) / 2, labels[starts])
    axes.set_yticks((starts + ends - 1) / 2, labels[starts])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="Wishart's class", ylabel="Wishart's class")
    figure.colorbar(image, extend="both", label=f"{metric} distance", shrink=0.8).outline.set_visible(False)
    axes.set_title("How far every whisky is from every other (dark is near)", loc="left")
    return figure


def variants(choice: pd.DataFrame, bar: float, best: float) -> Figure:
    """Precision of each variant with its interval, best on top, and the bar of the one-standard-error rule."""
    rows = choice.sort_values("precision").reset_index(drop=True)
    figure, axes = plt.subplots(figsize=(7.4, 4.0))
    axes.axvspan(bar, best, color="#f3e6c8", zorder=0)
    axes.text(best, 0, "  within one standard\n  error of the best", color="#8d8473", va="center", style="italic")
    colours = ["#a23b2a" if chosen else "#8d8473" for chosen in rows["chosen"]]
    for place, (row, colour) in enumerate(zip(rows.itertuples(index=False), colours, strict=True)):
        axes.plot([row.low, row.high], [place, place], color=colour, lw=1.6, alpha=0.6)
        axes.plot(row.precision, place, "o", color=colour, ms=6)
    axes.set_yticks(range(len(rows)), rows["metric"] + ", " + rows["scaling"])
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel="precision@5, with a 95 % bootstrap interval")
    axes.set_title("Twelve ways to measure a distance", loc="left")
    return figure


def class_scores(scores: dict[str, float], sizes: dict[str, int], chance: float) -> Figure:
    """Precision of each class as bars, with what a draw of lots would reach."""
    figure, axes = plt.subplots(figsize=(7.4, 3.0))
    names = [f"{label}\n({sizes[label]})" for label in scores]
    bars = axes.bar(names, list(scores.values()), color="#b8862d", width=0.7)
    axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    axes.axhline(chance, color="#a23b2a", lw=1, ls="--", label="a draw of lots")
    axes.legend(loc="upper left")
    axes.set(ylim=(0, 1), xlabel="Wishart's class (whiskies in it)", ylabel="precision@5")
    axes.tick_params(axis="x", length=0)
    axes.set_title("How often a recommendation is in the class of the whisky asked for", loc="left")
    return figure


def in_lists(table: pd.DataFrame, counts: npt.ArrayLike, shown: int = 12) -> Figure:
    """The whiskies that stand in most of the others' lists."""
    order = np.argsort(-np.asarray(counts), kind="stable")[:shown][::-1]
    figure, axes = plt.subplots(figsize=(7.4, 3.2))
    colours = [REGION_COLOURS[region] for region in table["region"].iloc[order]]
    bars = axes.barh(table["whisky"].iloc[order], np.asarray(counts)[order], color=colours, height=0.7)
    axes.bar_label(bars, padding=3, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=f"in how many of {len(table) - 1} lists of five")
    axes.set_title("Most often recommended", loc="left")
    return figure


def directions(
    profiles: npt.ArrayLike,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The two main directions of (N, F) scores, by singular value decomposition (PCA).

    Gives the points (N, 2), the arrows (F, 2) and each direction's share of the variance (min(N, F),). A direction's
    sign is arbitrary; here its largest arrow points to the right or up.
    """
    values = np.asarray(profiles, dtype=np.float64)
    centred = values - values.mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    points = (left * sizes * signs)[:, :2]
    arrows = (right * signs[:, None])[:2].T
    return points, arrows, sizes**2 / (sizes**2).sum()


def _radar(axes: Axes, scores: npt.NDArray[np.float64], colour: str) -> None:
    # Drawn on plain axes: matplotlib's polar ones take ten times as long.
    angles = np.linspace(0, 2 * np.pi, len(scores) + 1)
    across, up = np.sin(angles), np.cos(angles)  # clockwise from the top
    circle = np.linspace(0, 2 * np.pi, 73)
    for ring in range(1, MOST + 1):
        axes.plot((HUB + ring) * np.sin(circle), (HUB + ring) * np.cos(circle), color=PALE, lw=0.6, zorder=1)
    spokes = np.outer([HUB, HUB + MOST], across), np.outer([HUB, HUB + MOST], up)
    axes.plot(*spokes, color=PALE, lw=0.6, zorder=1)
    reach = HUB + np.r_[scores, scores[0]]
    axes.fill(reach * across, reach * up, facecolor=colour, alpha=0.25, zorder=2)
    axes.plot(reach * across, reach * up, color=colour, lw=1.6, zorder=3)
    for feature, x, y in zip(FEATURES, across, up, strict=False):
        side = {-1: "right", 0: "center", 1: "left"}[int(np.sign(np.round(x, 6)))]
        axes.text(x * 5.0, y * 5.2, feature, ha=side, va="center", fontsize=7.5)
    axes.set(xlim=(-7.4, 7.4), ylim=(-5.9, 8.6), aspect="equal")
    axes.axis("off")


def _within(
    places: npt.NDArray[np.float64], box: tuple[tuple[float, float], tuple[float, float]]
) -> npt.NDArray[np.bool_]:
    low, high = np.transpose(box)
    return ((places >= low) & (places <= high)).all(axis=1)


def _name(axes: Axes, places: npt.NDArray[np.float64], whiskies: pd.Series, named: Sequence[str]) -> None:
    """Write the names of `named` beside their dots, each where it covers the fewest dots and names."""
    to_points = axes.transData.transform
    dots = to_points(places) * 72 / axes.figure.dpi
    taken: list[tuple[float, float, float, float]] = []
    for name, dot in zip(whiskies, dots, strict=True):
        if name not in named:
            continue
        boxes = [(dot[0] + x - (width := 4.6 * len(name)) * left, dot[1] + y, width, 9) for x, y, left in SIDES]
        costs = [
            sum(_inside(other, box) for other in dots) + 3 * sum(_overlap(box, other) for other in taken)
            for box in boxes
        ]
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        x, y, left = SIDES[best]
        axes.annotate(
            name, places[list(whiskies).index(name)], (x, y), textcoords="offset points", fontsize=8, zorder=4,
            ha="right" if left == 1 else "center" if left else "left",
        )  # fmt: skip


def _inside(dot: npt.NDArray[np.float64], box: tuple[float, float, float, float]) -> bool:
    x, y, width, height = box
    return bool(x - 3 <= dot[0] <= x + width + 3 and y - 3 <= dot[1] <= y + height + 1)


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    apart = one[0] + one[2] < other[0] or other[0] + other[2] < one[0]
    return not (apart or one[1] + one[3] < other[1] or other[1] + other[3] < one[1])
