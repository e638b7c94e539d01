"""Requests per second as a bar chart in SVG, readable on light and dark pages."""

from collections.abc import Iterator
from html import escape

from bench.results import Results, Spread

_LEFT, _WIDTH, _ROW, _TOP = 170, 760, 26, 40  # pixels: labels, whole picture, one bar with its gap, title
_SCALE = _WIDTH - _LEFT - 90  # the longest bar; the rest is for its figure
_COLOURS = {"plain": "#8a97a8", "secured": "#5b7fb5"}
_OURS = {"plain": "#e39a4f", "secured": "#cf5c1b"}
_STYLE = (
    "<style>text{font:13px sans-serif;fill:#222}path{stroke:#222;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}path{stroke:#ddd}}</style>"
)

Bar = tuple[str, str, Spread]


def svg(results: Results) -> str:
    """Bars of the plain and the secured case together, longest first; a thin line marks lowest and highest."""
    bars = sorted(_bars(results), key=lambda bar: -bar[2].median)
    height = _TOP + _ROW * len(bars) + 10
    longest = max((spread.high for _, _, spread in bars), default=1.0)
    body = "".join(_drawn(bar, _TOP + _ROW * row, _SCALE / longest) for row, bar in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img">'
        f"{_STYLE}<title>Requests per second on one core</title>"
        f'<text x="{_LEFT}" y="22">requests per second, one core, 64 connections: median and range</text>{body}</svg>\n'
    )


def _bars(results: Results) -> Iterator[Bar]:
    for case in _COLOURS:
        for server in results.servers(case):
            spread = results.spread(case, server, "rate")
            if spread is not None:
                yield case, server, spread


def _drawn(bar: Bar, top: int, scale: float) -> str:
    case, server, spread = bar
    colour = (_OURS if server == "Hotgate" else _COLOURS)[case]
    middle, low, high = (figure * scale for figure in (spread.median, spread.low, spread.high))
    line = top + 9
    return (
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(server)}, {case}</text>'
        f'<rect x="{_LEFT}" y="{top}" width="{middle:.1f}" height="18" fill="{colour}"/>'
        f'<path d="M{_LEFT + low:.1f} {line}H{_LEFT + high:.1f}"/>'
        f'<text x="{_LEFT + high + 6:.1f}" y="{top + 14}">{spread.median:,.0f}</text>'
    )
