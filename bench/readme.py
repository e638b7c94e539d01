"""The table of figures in README.md, between two marks, from the results of a quiet run."""

from collections.abc import Iterator

from bench.report import QUIET, worst_disturbance
from bench.results import Results
from bench.tables import markdown

START, END = "<!-- figures -->", "<!-- /figures -->"
_MIB = 2.0**20
_FEWEST_ROUNDS = 3
_UNMEASURED = (
    "No run of this version was quiet enough to quote; [docs/benchmarks.md](docs/benchmarks.md) has the last one.\n"
)


class MarksMissingError(ValueError):
    """The README has no place for the table."""


def with_figures(readme: str, results: Results) -> str:
    """The README with the table written anew. Raises MarksMissingError; all else of the text stays as it is."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise MarksMissingError(f"README.md has no {START} … {END}")
    return f"{before}{START}\n{figures(results)}{END}{after}"


def figures(results: Results) -> str:
    """The table, or a sentence when there is nothing that may be quoted."""
    if not _is_quotable(results):
        return _UNMEASURED
    servers = sorted(results.servers("plain"), key=lambda name: -(results.middle("plain", name, "rate") or 0.0))
    head = ["requests/s on one core, 64 connections", "plain proxy", "token, scope and rate limit"]
    rows = [[name, _rate(results, "plain", name), _rate(results, "secured", name)] for name in servers]
    return "\n".join([markdown(head, rows), *_facts(results)])


def _is_quotable(results: Results) -> bool:
    """Hotgate was measured in both cases, often enough, and nobody disturbed."""
    rounds = [len(results.samples.get(case, {}).get("Hotgate", {}).get("rate", [])) for case in ("plain", "secured")]
    return min(rounds) >= _FEWEST_ROUNDS and worst_disturbance(results) <= QUIET


def _rate(results: Results, case: str, server: str) -> str:
    middle = results.middle(case, server, "rate")
    return "-" if middle is None else f"{middle:,.0f}"


def _facts(results: Results) -> Iterator[str]:
    added = results.middle("latency", "Hotgate", "added")
    worker = results.middle("memory", "Hotgate", "worker")
    ready = results.middle("startup", "Hotgate /readyz", "ready")
    if added is not None:
        yield f"Added latency on one connection: {added:,.0f} µs.\n"
    if worker is not None:
        yield f"Memory of an idle worker: {worker / _MIB:,.0f} MiB.\n"
    if ready is not None:
        yield f"Start to ready: {ready:,.2f} s.\n"
    yield "The load repeats one request: Hotgate's best case. [docs/benchmarks.md](docs/benchmarks.md) says why.\n"
