"""What wrk prints, and what of it may count."""

import pytest
from bench.load.wrk import BadRunError, Load, command, parse

REPORT = """\
Running 4s test @ http://127.0.0.1:18002/orders/7
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.93ms  801.52us  16.44ms   88.11%
    Req/Sec    33.21k     1.91k   36.43k    77.50%
  Latency Distribution
     50%    1.87ms
     75%    2.13ms
     90%    2.56ms
     99%  711.00us
  132221 requests in 4.00s, 41.23MB read
Requests/sec:  33041.55
Transfer/sec:     10.30MB
"""


def test_reads_requests_rate_and_percentiles_in_microseconds() -> None:
    report = parse(REPORT)
    assert (report.requests, report.rate) == (132221, 33041.55)
    assert report.p50 == pytest.approx(1870.0)
    assert report.p99 == pytest.approx(711.0)


@pytest.mark.parametrize(
    ("printed", "microseconds"), [("12.00us", 12.0), ("1.50ms", 1500.0), ("2.00s", 2e6), ("1.00m", 6e7)]
)
def test_knows_every_unit(printed: str, microseconds: float) -> None:
    assert parse(REPORT.replace("711.00us", printed)).p99 == pytest.approx(microseconds)


@pytest.mark.parametrize(
    "line",
    [
        "  Non-2xx or 3xx responses: 1",
        "  Socket errors: connect 0, read 1, write 0, timeout 0",
        "  Socket errors: connect 0, read 0, write 0, timeout 3",
    ],
)
def test_a_single_failed_request_spoils_the_run(line: str) -> None:
    with pytest.raises(BadRunError):
        parse(REPORT.replace("Requests/sec:", f"{line}\nRequests/sec:"))


@pytest.mark.parametrize("text", ["", "unable to connect to 127.0.0.1", REPORT.replace("99%", "98%")])
def test_refuses_text_that_is_not_a_whole_report(text: str) -> None:
    with pytest.raises(BadRunError):
        parse(text)


def test_command_carries_headers_and_the_arguments_of_a_script() -> None:
    load = Load("http://127.0.0.1:1/", 64, 0.4, ("Host: a",), ("routes.lua", "10"))
    expected = ["wrk", "--latency", "-t1", "-c64", "-d1s", "-H", "Host: a", "-s", "routes.lua"]
    assert command(load) == [*expected, "http://127.0.0.1:1/", "--", "10"]
