import json
import subprocess
import sys

FORBIDDEN = {"typer", "rich", "starlette", "uvicorn", "httpx", "prometheus_client", "dns"} | {
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "asyncpg",
    "redis",
}
SCRIPT = (
    "import json, sys, hotgate.runtime.worker_process.worker as w;"
    "w.built_in_model(); print(json.dumps(sorted(sys.modules)))"
)


def test_a_worker_imports_nothing_of_the_control_plane() -> None:
    shown = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, env={"PYTHONPATH": "src"})
    loaded = set(json.loads(shown.stdout))
    assert "hotgate.runtime.worker_process.data_plane" in loaded
    assert loaded & FORBIDDEN == set()
    assert not [name for name in loaded if name.startswith("hotgate.control")]
