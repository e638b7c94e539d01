"""wrk, the load generator: its command line and what its report says."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from bench.cores import pinned

_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9}
_PERCENTILE = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m|h)\s*$", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)\s*$", re.MULTILINE)
_TOTAL = re.compile(r"^\s*(\d+) requests in ", re.MULTILINE)
_REFUSED = re.compile(r"^\s*Non-2xx or 3xx responses: (\d+)\s*$", re.MULTILINE)
_SOCKET_ERRORS = re.compile(
    r"^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)\s*$", re.MULTILINE
)


class BadRunError(RuntimeError):
    """The load was not answered as it should have been, so its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """url, and how: connections kept open, seconds, header lines, and an optional Lua script with its arguments."""

    url: str
    connections: int
    seconds: float
    headers: tuple[str, ...] = ()
    script: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """requests: answered in all. rate: per second. p50 and p99: microseconds."""

    requests: int
    rate: float
    p50: float
    p99: float


def run(load: Load, core: int) -> Report:
    """Apply the load from one thread. Raises BadRunError when any request failed or was refused."""
    done = subprocess.run(pinned(core, command(load)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BadRunError(done.stderr or done.stdout)
    return parse(done.stdout)


def command(load: Load) -> list[str]:
    """wrk's command line. Its duration has whole seconds."""
    line = ["wrk", "--latency", "-t1", f"-c{load.connections}", f"-d{max(1, round(load.seconds))}s"]
    for header in load.headers:
        line += ["-H", header]
    if load.script:
        line += ["-s", load.script[0]]
    return [*line, load.url, *(["--", *load.script[1:]] if load.script else [])]


def parse(text: str) -> Report:
    """What wrk printed. Raises BadRunError for failed requests, refused ones, or text that is not wrk's."""
    failures = [int(count) for line in _SOCKET_ERRORS.findall(text) for count in line]
    refused = [int(count) for count in _REFUSED.findall(text)]
    if sum(failures) + sum(refused) > 0:
        raise BadRunError(f"{sum(failures)} requests failed, {sum(refused)} were refused")
    latency = {mark: float(value) * _UNITS[unit] for mark, value, unit in _PERCENTILE.findall(text)}
    try:
        requests, rate = int(_only(_TOTAL.findall(text))), float(_only(_RATE.findall(text)))
        return Report(requests, rate, latency["50"], latency["99"])
    except (KeyError, ValueError) as error:
        raise BadRunError(f"not a report of wrk: {text[:200]!r}") from error


def _only(values: Sequence[str]) -> str:
    (value,) = values
    return value
