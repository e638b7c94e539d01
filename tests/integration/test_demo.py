"""What the demo prints is true: its commands are run as a reader would, and each gives the status it promises."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from browser import chromium, visitor
from integration.conftest import DEADLINE, SOURCES

_STEP = re.compile(r"^(\d{3})  .*\n  (.+)$", re.MULTILINE)
_STATUS = re.compile(r"^HTTP/1\.1 (\d{3})", re.MULTILINE)

_STAND_IN = """
import argparse, http.client, ssl
from urllib.parse import urlsplit

parser = argparse.ArgumentParser()
for flag in ("-s", "-i"):
    parser.add_argument(flag, action="store_true")
for option in ("-d", "--cacert", "--cert", "--key"):
    parser.add_argument(option)
parser.add_argument("-H", action="append", default=[])
parser.add_argument("url")
given = parser.parse_args()
place = urlsplit(given.url)
if given.cacert:
    context = ssl.create_default_context(cafile=given.cacert)
    if given.cert:
        context.load_cert_chain(given.cert, given.key)
    connection = http.client.HTTPSConnection(place.netloc, timeout=30, context=context)
else:
    connection = http.client.HTTPConnection(place.netloc, timeout=30)
headers = dict(text.split(": ", 1) for text in given.H)
connection.request("POST" if given.d else "GET", place.path, given.d, headers)
answer = connection.getresponse()
print(f"HTTP/1.1 {answer.status} {answer.reason}")
print(*(f"{name}: {value}" for name, value in answer.getheaders()), sep="\\n")
print("\\n" + answer.read().decode())
"""


class Demo:
    """`hotgate demo` and what it has printed so far."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from hotgate.cli import main; main()", "demo", "--port", "0", *options],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed = ""
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, condition: Callable[[str], object]) -> None:
        """Until what was printed fulfils a condition."""
        with self._news:
            if not self._news.wait_for(lambda: condition(self.printed), DEADLINE):
                raise AssertionError(f"not printed, but:\n{self.printed}")

    @property
    def folder(self) -> Path:
        """Of its files, as it says."""
        match = re.search(r"configuration is (\S+)/hotgate\.yaml", self.printed)
        assert match is not None
        return Path(match[1])

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(DEADLINE)
        self._thread.join(DEADLINE)
        return status

    def end(self) -> None:
        """Whatever happened, leave nothing behind."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(DEADLINE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._news:
                    self.printed += line
                    self._news.notify_all()


@pytest.fixture(scope="module")
def demos() -> Iterator[list[Demo]]:
    """All that were started."""
    started: list[Demo] = []
    yield started
    for each in started:
        each.end()


@pytest.fixture
def demo(demos: list[Demo], tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The one that all share; there is another one where a test has ended it."""
    if not demos or demos[-1].process.poll() is not None:
        demos.append(Demo("--folder", str(tmp_path_factory.mktemp("demo") / "files")))
        demos[-1].wait_for(lambda printed: "Ctrl-C ends" in printed)
    return demos[-1]


@pytest.fixture
def path_with_curl(tmp_path: Path) -> str:
    """A PATH on which there is a `curl`; where none is installed, one that can do what the demo asks for."""
    if shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(f"#!{sys.executable}\n{_STAND_IN}")
        stand_in.chmod(0o700)
    return os.pathsep.join([str(tmp_path), os.environ.get("PATH", os.defpath)])


def as_a_reader(demo: Demo, command: str, path: str) -> str:
    """What a shell shows for a command, after what was to be pasted first."""
    exports = re.findall(r"^  (export .+)$", demo.printed, re.MULTILINE)
    shell = ["sh", "-c", "\n".join([*exports, command])]
    done = subprocess.run(
        shell, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    return done.stdout


def processes_of(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.fsencode(folder) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_every_command_gives_the_status_that_is_promised(demo: Demo, path_with_curl: str) -> None:
    promised = _STEP.findall(demo.printed)
    answers = [(status, as_a_reader(demo, command, path_with_curl)) for status, command in promised]
    assert len(answers) == 19
    assert [status for status, _ in answers] == [_STATUS.findall(answer)[-1] for _, answer in answers]
    good, forged = (answer for _, answer in answers[:2])
    opaque, unknown, proved = (answer for _, answer in answers[6:9])
    key, limited, _, revoked, device, _, login, _ = (answer for _, answer in answers[11:])
    assert '"x-auth-subject": "bob"' in opaque
    assert '"code":"token-inactive"' in unknown
    assert _STATUS.findall(proved) == ["200", "401", "401"]
    assert re.findall(r": ([\w-]+)$", proved, re.MULTILINE) == ["robot-9", "proof-replayed", "token-binding-mismatch"]
    assert "code_challenge_method=S256" in login
    for answer in (good, forged):
        assert '"x-auth-subject": "alice"' in answer
        assert "authorization" not in answer.lower()
    assert '"x-auth-subject": "acme"' in key
    assert "x-api-key" not in key.lower()
    assert _STATUS.findall(limited)[:4] == ["200"] * 4
    assert "retry-after" in limited
    assert '"code":"key-revoked"' in revoked
    assert '"x-auth-subject": "device-17"' in device
    demo.wait_for(lambda printed: re.search(r"GET +/reports/daily +429 +acme by partners +rate-limited", printed))


@pytest.mark.peers
def test_a_browser_logs_in_on_a_page_and_out_again(demo: Demo) -> None:
    account = re.findall(r"Open (\S+/account) in yours", demo.printed)[0]
    with chromium() as browser, visitor(browser) as person:
        page = person.new_page()
        page.goto(account)
        page.get_by_role("button", name="Continue as Alice").click()
        page.wait_for_url(account)
        headers = json.loads(page.inner_text("body"))["saw"]["headers"]
        assert (headers["x-auth-subject"], headers.get("cookie")) == ("alice", None)
        page.evaluate("fetch('/.hotgate/people/logout', {method: 'POST', redirect: 'manual'})")
        page.goto(account)
        assert page.title() == "The demo's identity provider"


def test_a_mistake_in_its_file_is_shown(demo: Demo) -> None:
    file = demo.folder / "hotgate.yaml"
    good = file.read_text()
    new = file.with_suffix(".new")
    new.write_text(good.replace("rate_limit:", "rate_limits:"))
    new.replace(file)
    demo.wait_for(lambda printed: "rate_limits" in printed)
    file.write_text(good)


def test_ctrl_c_ends_everything_and_keeps_the_folder(demo: Demo) -> None:
    assert processes_of(demo.folder)
    assert demo.stop() == 0
    assert "Traceback" not in demo.printed
    assert processes_of(demo.folder) == []
    assert (demo.folder / "hotgate.yaml").exists()


def test_the_temporary_folder_is_removed() -> None:
    demo = Demo()
    try:
        demo.wait_for(lambda printed: "Ctrl-C ends" in printed)
        assert demo.folder.exists()
        assert demo.stop() == 0
        assert not demo.folder.exists()
    finally:
        demo.end()
