import subprocess
import sys

SCRIPT = (
    "import sys, hotgate.runtime.deployment; print({'sqlalchemy', 'alembic', 'aiosqlite', 'redis'} & set(sys.modules))"
)


def test_a_gateway_without_a_store_does_not_wait_for_its_libraries() -> None:
    shown = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, env={"PYTHONPATH": "src"})
    assert shown.stdout == b"set()\n"
