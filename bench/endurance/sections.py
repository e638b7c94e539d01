"""What `bench.endurance` has kept, as sections of the results page."""

from collections.abc import Iterator, Mapping

from bench.tables import markdown

Endurance = Mapping[str, Mapping[str, float | str]]
"""Kind of trouble → figure → value."""

_TRIALS = {
    "soak": "Half of what the gateway can do, over 64 connections; one of three backends dies every 15 s for 3 s, the "
    "file changes every 10 s, twenty clients a second vanish in the middle of something.",
    "slow": "1,000 slow clients of slowhttptest in each of its modes; beside them 2,000 requests a second of others.",
    "limits": "A client far above its limits, which two gateways of two workers share over Valkey; a calm one beside. "
    "The backend judges what reaches it: every window, and every interval of a bucket. In the last third Valkey is "
    "killed and frozen in turn.",
    "dead": "4,000 requests a second; one of three backends is stopped.",
}


def endurance_sections(endurance: Endurance) -> Iterator[str]:
    """One for each kind of trouble. The lateness of a request counts from when it was due."""
    for what, figures in endurance.items():
        yield f"## Endurance: {what}\n\n{_TRIALS[what]}\n"
        yield markdown(["", "measured"], [[name, _shown(figure)] for name, figure in figures.items()])


def _shown(figure: float | str) -> str:
    return f"{figure:,.4g}" if isinstance(figure, float) else f"{figure}"
