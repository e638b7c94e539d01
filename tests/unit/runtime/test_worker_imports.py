import json
import subprocess
import sys
from typing import Any

FORBIDDEN = {"typer", "rich", "starlette", "uvicorn", "httpx", "prometheus_client", "dns"} | {
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "asyncpg",
    "redis",
}
SCRIPT = """
import json, sys
import hotgate.runtime.worker_process.worker
from hotgate.runtime.compiling.model import built_in_model, validated
{use}
print(json.dumps(sorted(sys.modules)))
"""
COMPILED = """
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.compile import compile_configuration, idle_services
from hotgate.runtime.compiling.compiled import Parts
config = validated({tree!r})
compile_configuration(config, Parts(idle_services(config), WorkerMetrics()))
"""
TREE: dict[str, Any] = {
    "listeners": [{"name": "web", "bind": "127.0.0.1:8080"}],
    "identity": {"keys": {"api_key": {"keys": [{"id": "k", "consumer": "c", "sha256": "00" * 32}]}}},
    "routes": [{"name": "all", "match": {"path": "/*"}, "authenticate": ["keys"], "respond": {}}],
}


def loaded(use: str) -> set[str]:
    """The modules of a worker's process that has done this."""
    command = [sys.executable, "-c", SCRIPT.format(use=use)]
    return set(json.loads(subprocess.run(command, capture_output=True, check=True, env={"PYTHONPATH": "src"}).stdout))


def test_a_worker_imports_nothing_of_the_control_plane() -> None:
    modules = loaded("built_in_model().model_rebuild()")
    assert {"hotgate.runtime.worker_process.data_plane", "hotgate.policies.oidc.oidc"} <= modules
    assert modules & FORBIDDEN == set()
    assert not [name for name in modules if name.startswith("hotgate.control")]


def test_a_worker_imports_no_mechanism_that_its_configuration_does_not_name() -> None:
    modules = loaded(f"validated({TREE!r})")
    assert "hotgate.policies.api_key" in modules
    others = ("hotgate.policies.oidc", "hotgate.policies.passwords", "hotgate.policies.signatures.signature", "html")
    assert not [name for name in modules if name.startswith(others)]


def test_a_worker_reads_no_file_and_imports_no_database_unless_there_is_a_store() -> None:
    assert loaded(f"validated({TREE!r})") & {"yaml", "sqlite3"} == set()


def test_a_worker_imports_cel_and_cedar_only_for_conditions() -> None:
    engines = {"cel_expr_python", "cedarpy"}
    route = {**TREE["routes"][0], "rate_limit": {"limit": "100/minute"}, "concurrency": {"limit": 100}}
    plain = {**TREE, "routes": [route]}
    assert loaded(COMPILED.format(tree=plain)) & engines == set()
    conditional = {**TREE, "routes": [{**route, "authorize": {"when": 'request.method == "GET"'}}]}
    assert loaded(COMPILED.format(tree=conditional)) & engines == {"cel_expr_python"}
