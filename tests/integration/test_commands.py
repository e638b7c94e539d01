"""The commands as a customer runs them: processes of their own, in a folder of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from integration.conftest import SOURCES, Gateway

GOOD = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
upstreams:
  api: {targets: ["http://127.0.0.1:9000"]}
identity:
  keys: {api_key: {keys: [{id: ci, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]}}
routes:
  - name: orders
    match: {hosts: [api.example.com], path: "/orders/{id}", methods: [GET]}
    upstream: api
    authenticate: [keys]
    rate_limit: {limit: 100/minute}
  - name: rest
    match: {path: "/*"}
    redirect: {to: /orders/1}
    public: true
"""
# A key with a mistake, marked where it is, and what the message must say to be of help.
WRONG = [
    ("^wotch: true", "did you mean 'watch'"),
    ("workers: ^none", "auto or a whole number"),
    ("workers: ^0", "from 1 to 256"),
    ("watch: ^yes", "write true or false"),
    ("watch: true\n^watch: false", "watch"),
    ("limits: {max_headers: ^many, max_target: 1KiB}", "limits.max_headers"),
    ("limits: {max_target: ^1}", "limits.max_target"),
    ("limits: {header_timeout: ^10}", "such as 30s"),
    ("admin: {bind: ^9900}", "host:port"),
    ("access_log: {path: ^}", "access_log.path"),
    ("defaults: {^upstraem: api}", "did you mean 'upstream'"),
    ("include: [^missing.yaml]", "does not exist"),
    ('encoded_slashes: ^"${NOT_SET_ANYWHERE}"', "NOT_SET_ANYWHERE"),
    ("limits: ^!!python/object:os.system {}", "tag"),
    ("^\t- x", "tab"),
    ("x: ^]", "not valid YAML"),
]
# The same for one more route.
WRONG_ROUTES = [
    ("match: {path: /a}, upstream: ^apis, public: true", "did you mean 'api'"),
    ("match: {path: /a}, upstream: api, authenticate: [^key]", "did you mean 'keys'"),
    ("match: {path: /a}, upstream: api, authenticate: ^[]", "authenticate"),
    ("match: {path: ^a}, upstream: api, public: true", "starts with '/'"),
    ("match: {path: ^/a/../b}, upstream: api, public: true", "dot segment"),
    ('match: {path: ^"/{a}/{a}"}, upstream: api, public: true', "its own name"),
    ("match: {path: /a, ^method: GET}, upstream: api, public: true", "did you mean 'methods'"),
    ('match: ^{path: "/*"}, upstream: api, public: true', "rest"),
    ("match: {path: /a}, respond: {status: ^99}, public: true", "from 200 to 599"),
    ('match: {path: /a}, respond: {headers: {^"x y": "1"}}, public: true', "headers"),
    ("match: {path: /a}, upstream: api, public: true, rate_limit: {limit: ^100}", "100/minute"),
    ("match: {path: /a}, upstream: api, public: true, rate_limit: {limit: ^0/minute}", "at least 1"),
    ("match: {path: /a}, upstream: api, authenticate: [keys], authorize: ^{}", "give scopes"),
    ('match: {path: /a}, upstream: api, public: true, policies: ^[{use: "nowhere:x"}]', "no module 'nowhere'"),
    ("match: {path: /a}, upstream: api, public: true, profiles: [^none]", "none"),
]
# One more route whose keys do not go together.
WRONG_AS_A_WHOLE = [
    ("match: {path: /a}, upstream: api", "public: true"),
    ("match: {path: /a}, public: true", "exactly one of upstream, redirect or respond"),
    ("match: {path: /a}, upstream: api, respond: {}, public: true", "not upstream and respond"),
    ("match: {path: /a}, upstream: api, public: true, authenticate: [keys]", "public"),
]


GUARD = """
from pydantic import BaseModel, SecretStr

from hotgate import Exchange, Response, policy


class Options(BaseModel, extra="forbid", frozen=True):
    key: SecretStr
    port: int


@policy(options=Options)
def guard(exchange: Exchange, options: Options) -> Response | None:
    return None
"""


def hotgate(*arguments: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the program as the gateway's fixture does, with these environment variables."""
    command = [sys.executable, "-c", "from hotgate.cli import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "NO_COLOR": "1", **variables}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def checked(folder: Path, files: Sequence[str]) -> list[str]:
    """What `hotgate check` prints for each of these files; one process serves them all, because it starts slowly."""
    program = (
        "import sys\n"
        "from hotgate.cli import app\n"
        "for name in sys.argv[1:]:\n"
        "    assert app(['check', '-c', name], standalone_mode=False) == 1\n"
        "    print('== end')\n"
    )
    names = []
    for number, text in enumerate(files):
        (folder / f"{number}.yaml").write_text(text)
        names.append(f"{number}.yaml")
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, *names],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split("== end\n")[:-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("commands")
    (made / "hotgate.yaml").write_text(GOOD)
    return made


def texts() -> dict[str, str]:
    """Every wrong file, its mistake still marked, by the mistake."""
    wrong = {mistake: f"{GOOD}{mistake}\n" for mistake, _ in WRONG}
    wrong |= {mistake: f"{GOOD}\n  - {{name: a, {mistake}}}\n" for mistake, _ in WRONG_ROUTES}
    return wrong | {mistake: f"{GOOD}\n  - ^{{name: a, {mistake}}}\n" for mistake, _ in WRONG_AS_A_WHOLE}


@pytest.fixture(scope="module")
def outputs(folder: Path) -> dict[str, str]:
    """What `check` says about every wrong file, by the mistake."""
    wrong = texts()
    said = checked(folder, [text.replace("^", "") for text in wrong.values()])
    return dict(zip(wrong, said, strict=True))


def position(mistake: str) -> str:
    before = texts()[mistake].partition("^")[0]
    return f"{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"


@pytest.mark.parametrize(("mistake", "hint"), [*WRONG, *WRONG_ROUTES, *WRONG_AS_A_WHOLE])
def test_check_says_where_and_what(outputs: dict[str, str], mistake: str, hint: str) -> None:
    assert f".yaml:{position(mistake)}: " in outputs[mistake]
    assert hint in outputs[mistake]


def test_check_is_content_with_a_good_file(folder: Path) -> None:
    done = hotgate("check", folder=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hotgate.yaml: 2 routes, 1 upstream: ok\n", "")


def test_check_tells_all_mistakes_at_once_and_fails(folder: Path) -> None:
    (folder / "wrong.yaml").write_text(GOOD + "wotch: 1\nworkers: none\nlimits: {drain: 1}\n")
    done = hotgate("check", "-c", "wrong.yaml", folder=folder)
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
        "wrong.yaml:16:1",
        "wrong.yaml:17:10",
        "wrong.yaml:18:17",
    ]
    assert "Traceback" not in done.stderr


def test_secrets_are_in_no_message(folder: Path) -> None:
    (folder / "guard.py").write_text(GUARD)
    (folder / "secret.txt").write_text("hunter2-from-a-file\n")
    wrong = GOOD + "    policies: [{use: 'guard:guard', with: {key: '${KEY}', port: '${KEY}'}}]\n"
    (folder / "secret.yaml").write_text(wrong + "workers: '${KEY}'\nwatch: '${KEY}'\nadmin: {bind: '${KEY}'}\n")
    for command in ("check", "routes", "run"):
        done = hotgate(command, "-c", "secret.yaml", folder=folder, KEY="hunter2-from-the-environment")
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr
    (folder / "secret.yaml").write_text(wrong)
    done = hotgate("check", "-c", "secret.yaml", folder=folder, KEY="hunter2-from-the-environment")
    assert (done.returncode, "with.port" in done.stdout, "hunter2" in done.stdout) == (1, True, False)


@pytest.mark.parametrize("command", ["check", "routes", "run"])
def test_a_missing_file_is_no_traceback(folder: Path, command: str) -> None:
    done = hotgate(command, "-c", "none.yaml", folder=folder)
    assert done.returncode == 1
    assert "none.yaml" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_routes_lists_the_most_specific_first(folder: Path) -> None:
    done = hotgate("routes", folder=folder)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.split()[0] for line in lines] == ["name", "orders", "rest"]
    assert lines[1].split()[1:] == ["api.example.com", "GET", "/orders/{id}", "api", "keys", "rate_limit"]


def test_schema_is_json_schema(folder: Path) -> None:
    import jsonschema  # type: ignore[import-untyped]

    schema = json.loads(hotgate("schema", folder=folder).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {"listeners", "routes", "identity"} <= schema["properties"].keys()


def test_what_init_writes_runs(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    assert hotgate("init", str(tmp_path), folder=tmp_path).returncode == 0
    assert hotgate("check", folder=tmp_path).returncode == 0
    again = hotgate("init", folder=tmp_path)
    assert again.returncode == 1
    assert "already there" in again.stderr
    text = gateway.file.read_text()
    text = text.replace(":8080", f":{gateway.port}").replace(":9900", f":{gateway.admin_port}")
    gateway.file.write_text(f"{text}\nruntime_dir: run\naccess_log: {{path: access.log}}\n")
    try:
        gateway.start()
        assert gateway.get("/") == (200, "Hotgate is running.\n")
        gateway.process.terminate() if gateway.process else None
        assert gateway.wait_for_exit() == 0
    finally:
        gateway.end()


def test_help_and_version(folder: Path) -> None:
    assert hotgate("--version", folder=folder).stdout.startswith("hotgate ")
    text = hotgate("--help", folder=folder).stdout
    assert all(command in text for command in ("run", "check", "routes", "schema", "init"))
