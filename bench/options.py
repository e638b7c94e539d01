"""The command line of the bench."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.lab import Settings

CASES = (
    "plain",
    "secured",
    "identity",
    "decisions",
    "dpop",
    "signatures",
    "revocation",
    "latency",
    "routes",
    "tls",
    "handshakes",
    "mtls",
    "bodies",
    "overload",
    "memory",
    "startup",
)
_ROOT = Path(__file__).parents[1]
DOCS = _ROOT / "docs"
README = _ROOT / "README.md"
_PUBLISHED = DOCS / "benchmarks.json"
_LAST = _ROOT / ".bench" / "last.json"  # a partial run must not replace the published figures


@dataclass(frozen=True, slots=True)
class Options:
    """cases and servers: which of them. quick: a smoke test. json: where results go.

    write_docs: the page as well. only_docs: the page without measuring. limit: seconds after which nothing starts.
    """

    cases: frozenset[str]
    servers: frozenset[str]
    settings: Settings
    json: Path
    quick: bool
    write_docs: bool
    only_docs: bool
    limit: float


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Exits with a message when the arguments make no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Hotgate beside its peers.")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test, not a measurement")
    parser.add_argument("--only", type=_names, default=frozenset(CASES), metavar="CASE,…", help=", ".join(CASES))
    parser.add_argument(
        "--servers", type=_names, default=frozenset(), metavar="NAME,…", help="only these, e.g. hotgate"
    )
    parser.add_argument("--rounds", type=_positive, help="how often each server is measured (default 3)")
    parser.add_argument("--seconds", type=_positive, help="length of one load (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results go")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds until nothing new starts (default 1800)")
    parser.add_argument(
        "--write-docs", action="store_true", help="measure, then write docs/benchmarks.md, .svg and README.md"
    )
    parser.add_argument("--only-docs", action="store_true", help="write them from the results of the last run")
    found = parser.parse_args(arguments)
    if unknown := found.only - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    settings = Settings(
        seconds=found.seconds or (1 if found.quick else 3),
        rounds=found.rounds or (1 if found.quick else 3),
        connections=1_000 if found.quick else 10_000,
        body=1 << (28 if found.quick else 30),
    )
    json = found.json or (_PUBLISHED if found.write_docs or found.only_docs else _LAST)
    return Options(
        found.only, found.servers, settings, json, found.quick, found.write_docs, found.only_docs, found.limit
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())
