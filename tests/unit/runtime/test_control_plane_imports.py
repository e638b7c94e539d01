import subprocess
import sys

SCRIPT = "import sys, hotgate.runtime.deployment; print({wanted} & set(sys.modules))"


def test_a_gateway_waits_for_no_library_of_what_its_file_may_lack() -> None:
    """In turn: a store, a store for several nodes, names of upstreams, directories."""
    wanted = {"sqlalchemy", "alembic", "aiosqlite", "redis", "dns", "pyasn1"}
    command = [sys.executable, "-c", SCRIPT.format(wanted=wanted)]
    shown = subprocess.run(command, capture_output=True, check=True, env={"PYTHONPATH": "src"})
    assert shown.stdout == b"set()\n"
