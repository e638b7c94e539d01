"""What the demo writes on the terminal; without a terminal the same, in plain text."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hotgate.demo.credentials import Credentials
from hotgate.demo.gateway_process import Record
from hotgate.demo.live_line import live_line
from hotgate.demo.walkthrough import Places, settings, steps


class Screen:
    """configuration: the gateway's file, for the reader to look at. provider: URL of the identity provider."""

    def __init__(self, configuration: Path, credentials: Credentials, provider: str) -> None:
        self._configuration = configuration
        self._credentials = credentials
        self._provider = provider
        self._console = Console(highlight=False, markup=False, soft_wrap=True)

    def show_request(self, record: Record) -> None:
        """A line of the access log."""
        self._console.print(live_line(record) if "status" in record else record["message"])

    def show_message(self, record: Record) -> None:
        """A line of the gateway's own log; when it is ready, everything there is to know."""
        if record["message"] == "ready":
            self._show_walkthrough(record["listeners"], record["admin"])
        else:
            self._console.print(Text(record["message"], "red" if record["level"] == "error" else "dim"))

    def _show_walkthrough(self, listeners: Mapping[str, str], admin: str) -> None:
        address = listeners["web"]
        self._print(
            "",
            Text(
                f"Hotgate is running at http://{address}, two backends behind it, a provider of logins beside it.",
                "bold",
            ),
            f"Its configuration is {self._configuration}; change it and see.",
            f"Metrics are at http://{admin}/metrics. Its state, with the token of the admin API:",
            f'  curl -H "Authorization: Bearer $(hotgate admin token -c {self._configuration})" '
            f"http://{admin}/api/v1/status",
            "",
            "Paste this into another terminal, and then what you want to try:",
            "",
            *(f"  {line}" for line in settings(self._configuration.parent, self._credentials)),
        )
        places = Places(f"http://{address}", f"https://{listeners['tls']}", f"http://{admin}", self._provider)
        for step in steps(places):
            self._print("", Text.assemble((str(step.status), "bold"), f"  {step.promise}"), f"  {step.command}")
        self._print("", "Every request shows up below. Ctrl-C ends the demo.", "")

    def _print(self, *lines: str | Text) -> None:
        for line in lines:
            self._console.print(line)
