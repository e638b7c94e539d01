"""The results page, docs/benchmarks.md, written from the results alone so that it can be written again at any time."""

from collections.abc import Iterator, Mapping

from bench.criteria import CRITERIA
from bench.endurance.sections import Endurance, endurance_sections
from bench.results import Results
from bench.tables import Column, case_table, criteria_table

_MIB = 2.0**20
QUIET = 0.05  # the share of a core that others may take before the page warns
_RATE = Column("requests/s (range)", "rate", with_range=True)
_LOAD = (
    _RATE,
    Column("÷ nginx, plain", "rate", reference=("plain", "nginx")),
    Column("p50 µs", "p50"),
    Column("p99 µs", "p99"),
    Column("CPU µs per request", "cpu", digits=1),
    Column("core busy %", "busy", scale=0.01),
    Column("disturbed %", "disturbed", scale=0.01, digits=1),
)

_SECTIONS: tuple[tuple[str, str, str, tuple[Column, ...]], ...] = (
    (
        "plain",
        "Plain proxy, 64 connections",
        "Small requests, keep-alive on both sides. wrk repeats one request, and the backend one answer. That is "
        "Hotgate's best case: a head that equals the one before is not parsed again. Where none repeats, a request "
        "costs about 7 µs more (measured in a loop without sockets).",
        _LOAD,
    ),
    (
        "secured",
        "Secured, 64 connections",
        "The same with an RS256 token, a scope and a rate limit. One token, as a busy service client has.",
        _LOAD,
    ),
    (
        "identity",
        "Who calls, 64 connections",
        "Hotgate alone: what each kind of credential adds. A token that was seen before is found among those that a "
        "worker remembers; of 12,000 in turn none is, so that each is verified. The keys are used in an order that has "
        "nothing to do with the store's, and a worker remembers 10,000 of them. Requests that differ are parsed anew, "
        "which costs about 7 µs.",
        (
            _RATE,
            Column("÷ plain", "rate", reference=("identity", "plain")),
            *_LOAD[2:],
            Column("worker MiB", "worker", scale=_MIB, digits=1, less_is_better=True),
        ),
    ),
    (
        "decisions",
        "Who may do what, and how much, 64 connections",
        "Hotgate alone: what decisions add. Three conditions in CEL look at a path parameter, at the caller and at a "
        "claim. Of the three limits two go by address. Each of 100,000 clients has a limit of its own, and comes again "
        "only when all others have come.",
        (
            _RATE,
            Column("÷ plain", "rate", reference=("decisions", "plain")),
            *_LOAD[2:],
            Column("worker MiB", "worker", scale=_MIB, digits=1, less_is_better=True),
            Column("control MiB", "control", scale=_MIB, digits=1, less_is_better=True),
        ),
    ),
    (
        "dpop",
        "Proofs of possession (DPoP), 64 connections",
        "Hotgate alone: a token that was seen before, and a new proof with each request. Its signature (ES256) is "
        "verified, and it is used up in the control process, which shares the core.",
        (_RATE, Column("÷ plain", "rate", reference=("dpop", "plain")), *_LOAD[2:]),
    ),
    (
        "signatures",
        "Signed requests (RFC 9421), 64 connections",
        "Hotgate alone: every request has an Ed25519 signature of its own over method, authority and path, which is "
        "verified; then its nonce is used up in the control process as well, which shares the core.",
        (_RATE, Column("÷ plain", "rate", reference=("signatures", "plain")), *_LOAD[2:]),
    ),
    (
        "revocation",
        "Revocation",
        "Another process revokes a key in the store. 32 connections to four workers, which have all just used the key, "
        "use it until it is refused. The longest time of ten revocations.",
        (Column("ms (range)", "longest", scale=0.001, with_range=True, less_is_better=True),),
    ),
    (
        "latency",
        "Added latency, one connection",
        "Median through the server minus the median straight at the backend, measured right before it. The way through"
        " the server crosses to another, sleeping core twice; what that costs is in the figure of every server alike.",
        (
            Column("added µs (range)", "added", with_range=True, less_is_better=True),
            Column("through µs", "through"),
            Column("direct µs", "direct"),
        ),
    ),
    (
        "routes",
        "10 and 10,000 routes",
        "The same 10,000 different targets, spread over the routes.",
        (*_LOAD[:1], *_LOAD[2:]),
    ),
    (
        "tls",
        "TLS 1.3, 64 connections",
        "Small requests, keep-alive, TLS towards the client only.",
        (_RATE, Column("÷ nginx, TLS", "rate", reference=("tls", "nginx")), *_LOAD[2:]),
    ),
    (
        "handshakes",
        "New TLS connections",
        "A full TLS 1.3 handshake (ECDSA P-256, nothing resumed), one request, and the end. The client's half costs as "
        "much as the server's, so it limits the rate of a fast server; the capacity of the server's core tells more.",
        (
            Column("connections/s of the server's core (range)", "capacity", with_range=True),
            Column("÷ nginx", "capacity", reference=("handshakes", "nginx")),
            Column("connections/s made", "rate"),
            Column("CPU µs per connection", "cpu", digits=1),
            Column("core busy %", "busy", scale=0.01),
            Column("disturbed %", "disturbed", scale=0.01, digits=1),
        ),
    ),
    (
        "mtls",
        "New TLS connections with client certificates",
        "The same, and the client shows a certificate that the server verifies (`client_auth: required`,"
        " `ssl_verify_client on`).",
        (
            Column("connections/s of the server's core (range)", "capacity", with_range=True),
            Column("÷ nginx", "capacity", reference=("mtls", "nginx")),
            Column("connections/s made", "rate"),
            Column("CPU µs per connection", "cpu", digits=1),
            Column("core busy %", "busy", scale=0.01),
            Column("disturbed %", "disturbed", scale=0.01, digits=1),
        ),
    ),
    *(
        (
            case,
            f"Large bodies: {case}",
            "One body in one stream. Growth is that of the worker's own memory (USS) at its peak meanwhile.",
            (
                Column("MiB/s (range)", "rate", scale=_MIB, with_range=True),
                Column("÷ nginx", "rate", reference=(case, "nginx")),
                Column("memory growth MiB (range)", "growth", scale=_MIB, digits=1, with_range=True),
            ),
        )
        for case in ("download", "upload")
    ),
    (
        "overload",
        "Three times as many requests as the backend bears",
        "Hotgate alone, before a backend that serves ten requests at once in 20 ms each, and lets all others wait. A "
        "tenth of the requests is on a route with `priority: high`. Clients leave after a second, so what is answered "
        "later counts as not served; the load does not slow down for it.",
        (
            Column("served ÷ capacity (range)", "goodput", digits=2, with_range=True),
            Column("important ones served %", "high served", scale=0.01),
            Column("their p99 ms", "high p99", scale=0.001, digits=1, less_is_better=True),
            Column("at 70 % of capacity", "usual p99", scale=0.001, digits=1, less_is_better=True),
        ),
    ),
    (
        "memory",
        "Memory",
        "Worker: RSS when idle. All processes: sum of PSS. Connection: growth of USS per open, silent connection.",
        (
            Column("worker MiB", "worker", scale=_MIB, digits=1, less_is_better=True),
            Column("all processes MiB", "tree", scale=_MIB, digits=1),
            Column("KiB per idle connection", "connection", scale=1024, digits=1),
        ),
    ),
    (
        "startup",
        "Start to ready",
        "From the command line to the first answer from the backend (`/readyz`: until the gateway calls itself ready).",
        (Column("ms (range)", "ready", scale=0.001, with_range=True, less_is_better=True),),
    ),
)

_METHOD = """\
Every server runs with one worker, its whole process tree on one core. wrk (one thread), the backends and the sampling
share the other core. The backend is nginx with a fixed JSON answer of 137 bytes. Rounds alternate: every server is
measured in every round, and each round starts with another one; figures are medians over the rounds, with the lowest
and the highest. A run counts only if every request of it was answered with 2xx. *Core busy* tells who was the limit:
well below 100 %, it was the load generator or the backend, and *CPU per request* is the better comparison. *Disturbed*
is the share of a core that other programs took meanwhile: above a few percent, measure again in quiet.

Hotgate runs with its access log (to a file) and its metrics on. The peers run with their access logs off, which is in
their favour; bodies stream through all of them. Configurations are in [bench/peers](../bench/peers), one file per
server. Run it yourself with `make bench`.
"""


def page(results: Results, plot: str = "", endurance: Endurance | None = None) -> str:
    """The whole page. plot: name of the picture beside it, if there is one. endurance: what `bench.endurance` kept."""
    return "\n".join((*_parts(results, plot), *endurance_sections(endurance or {}))).rstrip() + "\n"


def worst_disturbance(results: Results) -> float:
    """The largest share of a core that other programs took during any measurement, 0 to 1."""
    shares = (
        results.middle(case, server, "disturbed") or 0.0 for case in results.samples for server in results.servers(case)
    )
    return max(shares, default=0.0)


def _parts(results: Results, plot: str) -> Iterator[str]:
    yield "# Benchmarks\n\n<!-- Written by `python -m bench --write-docs` from benchmarks.json; do not edit. -->\n"
    yield _METHOD
    yield from _cautions(results)
    if plot:
        yield f"![Requests per second of each server, plain and secured]({plot})\n"
    yield "## Criteria\n"
    yield criteria_table(results, CRITERIA)
    for case, title, text, columns in _SECTIONS:
        if table := case_table(results, case, columns):
            yield f"## {title}\n\n{text}\n"
            yield table
    yield from _verified(results)
    for name, facts in results.about.items():
        yield f"## {name.capitalize()}\n\n{_facts(facts)}"
    if results.notes:
        yield "## What did not go as planned\n"
        yield "".join(f"- {' '.join(note.split())}\n" for note in results.notes)


def _cautions(results: Results) -> Iterator[str]:
    """What a reader must know before the first figure."""
    if (worst := worst_disturbance(results)) > QUIET:
        yield f"> **Do not quote these figures**: other programs took up to {worst:.0%} of a core meanwhile.\n"
    if results.notes:
        yield "> Not everything went as planned: see the end of this page.\n"


def _verified(results: Results) -> Iterator[str]:
    if results.enforced:
        yield "## What the secured servers were seen to enforce, before they were measured\n"
        yield "".join(f"- {server}: {'; '.join(checks)}.\n" for server, checks in results.enforced.items())


def _facts(facts: Mapping[str, str]) -> str:
    return "".join(f"- {name}: {text}\n" for name, text in facts.items())
