"""Plots of results: ``python -m benchmarks.plots RESULTS.json... FOLDER`` writes what they allow as SVG.

Results are what ``--json`` of the benchmarks writes, several files at once where a plot needs several (latency
against rows). A file that lacks what a plot shows takes no part in it, and a plot that nothing is left for is not
written. Needs ``pip install 'milvus-store[bench]'``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from . import results
from .results import Results, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS: Final = (
    *("#0072b2", "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00"),
    *("#8c564b", "#000000", "#999999"),
)
"""Those of Okabe and Ito, which people who see fewer colours tell apart, and two more."""
MARKERS: Final = "osD^vPX*<>"
STYLE: Final = {
    "svg.fonttype": "none",  # texts stay texts: smaller, and found by a search in the page
    "svg.hashsalt": "milvus-store",  # the same results are drawn as the same file
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


class Line(NamedTuple):
    """Points of one product, in the order in which they are joined."""

    product: str
    points: Sequence[tuple[float, float]]
    names: Sequence[str] = ()
    """What stands beside each point, if anything."""


class Look:
    """One colour and marker for each product, the same in every plot."""

    def __init__(self, reports: Iterable[Results]) -> None:
        products = dict.fromkeys(row["product"] for report in reports for row in report.rows)
        self._places = {product: place for place, product in enumerate(products)}

    def color(self, product: str) -> str:
        return COLORS[self._places[product] % len(COLORS)]

    def draw(self, axes: Axes, line: Line) -> None:
        axes.plot(
            [x for x, _ in line.points],
            [y for _, y in line.points],
            color=self.color(line.product),
            marker=MARKERS[self._places[line.product] % len(MARKERS)],
            markersize=4,
            linewidth=1.2,
            label=line.product,
        )
        for (x, y), name in zip(line.points, line.names, strict=False):
            axes.annotate(name, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=6)


def drawn(reports: Sequence[Results]) -> Iterator[tuple[str, Figure]]:
    """Every plot that ``reports`` have the rows for, with its name."""
    look = Look(reports)
    figures = {
        **_named("recall-latency", recall_against_latency(reports, look)),
        **qps_against_workers(reports, look),
        **_named("latency-rows", latency_against_rows(reports, look)),
        **_named("ingest", ingest(reports, look)),
    }
    yield from figures.items()


def recall_against_latency(reports: Sequence[Results], look: Look) -> Figure | None:
    """A panel for each corpus: what each product finds in what time, by its ``ef`` or the like."""
    panels: dict[str, list[Line]] = {}
    for corpus, rows in _by_corpus(reports, ("search", "sweep")).items():
        points: dict[str, set[tuple[int, float, float]]] = {}
        for row in rows:
            if row["filter"] == "no filter":
                point = (row.get("effort", 0), row["p50_ms"], row["recall"])
                points.setdefault(row["product"], set()).add(point)
        panels[corpus] = [
            Line(
                product,
                [(ms, recall) for _, ms, recall in sorted(found)],
                [str(effort or "") for effort, _, _ in sorted(found)],
            )
            for product, found in points.items()
        ]
    return _panels(panels, look, "p50 of a search, ms", "recall@10", log_x=True)


def qps_against_workers(reports: Sequence[Results], look: Look) -> dict[str, Figure]:
    """For threads and for processes, without and with a writer: a panel for each filter."""
    figures: dict[str, Figure] = {}
    for corpus, rows in _by_corpus(reports, ("busy",)).items():
        for kind, writer in dict.fromkeys((row["kind"], row["writer"]) for row in rows):
            panels: dict[str, list[Line]] = {}
            chosen = [row for row in rows if (row["kind"], row["writer"]) == (kind, writer)]
            for asked in dict.fromkeys(row["filter"] for row in chosen):
                panels[asked] = _lines(
                    (row["product"], row["workers"], row["qps"]) for row in chosen if row["filter"] == asked
                )
            name = f"qps-{kind}{'-writer' if writer else ''}-{_slug(corpus)}"
            beside = ", beside a writer" if writer else ""
            figure = _panels(panels, look, f"{kind}{beside}", "searches a second", title=corpus, log_y=True)
            figures |= _named(name, figure)
    return figures


def latency_against_rows(reports: Sequence[Results], look: Look) -> Figure | None:
    """A panel for each filter: p50 by the number of rows, where there are several numbers."""
    rows = [
        {**row, "rows": report.settings["rows"]}
        for report in reports
        if report.settings.get("data") == "synthetic"
        for row in report.of("search")
    ]
    if len({row["rows"] for row in rows}) < 2:
        return None
    panels = {
        asked: _lines((row["product"], row["rows"], row["p50_ms"]) for row in rows if row["filter"] == asked)
        for asked in dict.fromkeys(row["filter"] for row in rows)
    }
    return _panels(panels, look, "rows", "p50 of a search, ms", log_x=True, log_y=True)


def ingest(reports: Sequence[Results], look: Look) -> Figure | None:
    """Bars of rows a second, without and with the time to index them."""
    corpora = _by_corpus(reports, ("ingest",))
    if not corpora:
        return None
    figure = _figure(len(corpora))
    for axes, (corpus, rows) in zip(figure.axes, corpora.items(), strict=True):
        products = [row["product"] for row in rows]
        indexed = [row["rows"] / (row["rows"] / row["rows_per_s"] + row["index_s"]) for row in rows]
        colors = [look.color(product) for product in products]
        axes.barh(products, [row["rows_per_s"] for row in rows], color=colors, alpha=0.35)
        axes.barh(products, indexed, color=colors, height=0.4)
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlabel("rows a second; dark: with the index")
        axes.set_title(corpus)
    return figure


def _by_corpus(reports: Sequence[Results], measures: Sequence[str]) -> dict[str, list[Row]]:
    """Rows of ``measures`` by what they were measured on; ``rows`` in each is how many were stored."""
    found: dict[str, list[Row]] = {}
    for report in reports:
        rows = [
            {**row, "rows": report.settings["rows"]} for measure in measures for row in report.of(measure)
        ]
        if rows:
            settings = report.settings
            beside = f", beside {settings['beside']} busy loops" if settings.get("beside") else ""
            name = f"{settings['rows']:,} x {settings['dim']} {settings['data']}{beside}"
            found.setdefault(name, []).extend(rows)
    return found


def _lines(points: Iterable[tuple[str, float, float]]) -> list[Line]:
    """A line for each product of (product, x, y)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for product, x, y in points:
        found.setdefault(product, []).append((x, y))
    return [Line(product, sorted(line)) for product, line in found.items()]


def _figure(panels: int, *, sharey: bool = False) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.2 + 3.6 * panels, 3.6), layout="constrained")
    figure.subplots(1, panels, squeeze=False, sharey=sharey)
    return figure


def _panels(
    panels: Mapping[str, Sequence[Line]],
    look: Look,
    x: str,
    y: str,
    *,
    title: str = "",
    log_x: bool = False,
    log_y: bool = False,
) -> Figure | None:
    """Lines side by side, with one legend."""
    if not any(panels.values()):
        return None
    figure = _figure(len(panels), sharey=True)
    figure.suptitle(title)
    labels: dict[str, Any] = {}
    for axes, (panel, lines) in zip(figure.axes, panels.items(), strict=True):
        for line in lines:
            look.draw(axes, line)
        axes.set_title(panel)
        axes.set_xlabel(x)
        if log_x:
            axes.set_xscale("log")
        else:
            axes.set_xticks(sorted({place for line in lines for place, _ in line.points}))
        if log_y:
            axes.set_yscale("log")
        handles, names = axes.get_legend_handles_labels()
        labels |= dict(zip(names, handles, strict=True))
    figure.axes[0].set_ylabel(y)
    figure.legend(labels.values(), labels.keys(), loc="outside right upper", frameon=False)
    return figure


def _named(name: str, figure: Figure | None) -> dict[str, Figure]:
    return {} if figure is None else {name: figure}


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.replace(",", "").lower())


def write(reports: Sequence[Results], folder: Path) -> list[Path]:
    """Draw ``reports`` into ``folder``: the files that were written."""
    try:
        from matplotlib import rc_context
    except ImportError:
        raise SystemExit("Plots need matplotlib: pip install 'milvus-store[bench]'") from None

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with rc_context(STYLE):
        for name, figure in drawn(reports):
            path = folder / f"{name}.svg"
            figure.savefig(path, metadata={"Date": None})
            written.append(path)
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS.json", help="what --json wrote")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write, made if it is not there")
    options = parser.parse_args(arguments)
    for path in write([results.read(path) for path in options.results], options.folder):
        print(path)


if __name__ == "__main__":
    main()
