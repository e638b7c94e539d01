"""What the documents say is so: links lead somewhere, and the README's examples work."""

import importlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from typer.main import get_command

from certificate_authority import authority
from hotgate.cli import app
from hotgate.config.limits import Limits
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration
from hotgate.testing import make_exchange, run

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"]
DOCUMENTS += [*(ROOT / "examples").glob("*.md"), *(ROOT / "examples").glob("*/*.md")]
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
_PATH = re.compile(r"`((?:tests|src|bench|docs)/[\w./-]+)`")
_BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [document.parent / link for link in _LINK.findall(text)] + [ROOT / path for path in _PATH.findall(text)]
    assert [str(target) for target in targets if not target.exists()] == []


def test_every_command_that_is_named_exists() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = {
        (command, path.name)
        for path in DOCUMENTS
        for command in re.findall(r"(?:`|\$ )hotgate ([a-z][a-z-]*)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert sorted(each for each in named if each[0] not in commands) == []


def test_every_code_of_a_refusal_is_on_a_page() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    named = re.compile(r"""(?:code=|CODE = |Refused\(\s*(?:\d+, )?|_unavailable\(\s*)"([a-z0-9-]+)\"""")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    codes = {code for source in sources for code in named.findall(source)}
    assert len(codes) > 80
    assert sorted(code for code in codes if f"`{code}`" not in pages) == []


def test_every_limit_is_in_the_table_with_its_default() -> None:
    page = (ROOT / "docs" / "security" / "http.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `limits\.(\w+)` \| (\w+) \|", page, re.MULTILINE))
    assert rows.keys() == Limits.model_fields.keys()
    assert Limits.model_validate({name: None if value == "none" else value for name, value in rows.items()}) == Limits()


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the README's files, the policy wired to the route."""
    configuration, policy, on_a_route = (
        text for _, text in _BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    )
    (tmp_path / "office.py").write_text(policy)
    (tmp_path / "hotgate.yaml").write_text(configuration + dedent(on_a_route).replace("policies", "    policies"))
    monkeypatch.setenv("ACME_KEY_SHA256", "0" * 64)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "office", raising=False)
    return tmp_path


def test_the_first_configuration_has_no_error(example: Path) -> None:
    loaded = load_configuration(example / "hotgate.yaml")
    assert compile_errors(loaded) == []
    assert "policies" in loaded.config.routes[0].policy_names


def test_the_policy_does_what_it_says(example: Path) -> None:
    office = importlib.import_module("office")
    by_day, by_night = (make_exchange(now=datetime(2026, 1, 5, hour, tzinfo=UTC)) for hour in (12, 23))
    assert run(office.business_hours, by_day) is None
    answer = run(office.business_hours, by_night)
    assert answer is not None
    assert answer.code == "outside-business-hours"


@pytest.mark.parametrize("block", _BLOCK.findall((ROOT / "docs" / "tls.md").read_text(encoding="utf-8")))
def test_the_listeners_of_the_page_on_tls_work(tmp_path: Path, block: tuple[str, str]) -> None:
    text = block[1] + 'routes: [{name: all, match: {path: "/*"}, public: true, respond: {}}]\n'
    (tmp_path / "hotgate.yaml").write_text(text)
    for name in ("server", "api", "wildcard"):
        authority().issue("a.example").save(tmp_path, name)
    (tmp_path / "partners-ca.pem").write_text(authority().pem)
    (tmp_path / "staple.der").write_bytes(b"any")
    assert compile_errors(load_configuration(tmp_path / "hotgate.yaml")) == []


def test_every_package_is_in_the_architecture() -> None:
    packages = {path.parent.name for path in (ROOT / "src" / "hotgate").glob("*/__init__.py")}
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert packages <= set(rows)


def test_every_page_on_security_is_in_its_index() -> None:
    folder = ROOT / "docs" / "security"
    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert set(_LINK.findall((folder / "README.md").read_text(encoding="utf-8"))) >= pages


_CODE = re.compile(r'''(?:code=|Refused\(\s*|Refused\(\d+, |last_answer\(\d+, )"([a-z]+(?:-[a-z]+)+)"''')


def test_every_code_is_on_a_page() -> None:
    """Whoever is refused looks for the code of the answer first."""
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    parts = ("edge", "identity", "policies", "runtime", "upstream")  # the admin API describes its own
    sources = [path for part in parts for path in (ROOT / "src" / "hotgate" / part).rglob("*.py")]
    codes = {code for source in sources for code in _CODE.findall(source.read_text(encoding="utf-8"))}
    assert {"password-wrong", "route-not-found", "request-timeout", "signature-invalid"} <= codes
    assert sorted(code for code in codes if f"`{code}`" not in pages) == []


_METRIC = re.compile(r'"(hotgate_[a-z_]+)"')
_EVENT = re.compile(r'security_event\(\s*"([a-z-]+)"')


@pytest.mark.parametrize(("pattern", "folder"), [(_METRIC, "observe"), (_EVENT, "")])
def test_what_operators_are_told_is_in_their_page(pattern: re.Pattern[str], folder: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    sources = (ROOT / "src" / "hotgate" / folder).rglob("*.py")
    told = {name for source in sources for name in pattern.findall(source.read_text(encoding="utf-8"))}
    assert told
    assert sorted(name for name in told if not re.search(rf"`{name}(_total)?`", page)) == []


@pytest.mark.parametrize(
    "block", _BLOCK.findall((ROOT / "docs" / "upstream-credentials.md").read_text(encoding="utf-8"))
)
def test_the_upstreams_of_the_page_on_credentials_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: tuple[str, str]
) -> None:
    for name in re.findall(r"\$\{(\w+)\}", block[1]):
        monkeypatch.setenv(name, "a-secret")
    for name in re.findall(r"file:([\w/.]+)", block[1]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a-secret")
    (tmp_path / "gateway.key").write_text(authority().issue("gateway").key_pem)
    names = re.findall(r"^  (\w+):$", block[1], re.MULTILINE)
    routes = [f'  - {{name: {name}, match: {{path: "/{name}"}}, public: true, upstream: {name}}}\n' for name in names]
    text = block[1] if "routes:" in block[1] else block[1] + "routes:\n" + "".join(routes)
    (tmp_path / "hotgate.yaml").write_text('listeners: [{name: web, bind: "127.0.0.1:0"}]\n' + text)
    assert compile_errors(load_configuration(tmp_path / "hotgate.yaml")) == []
