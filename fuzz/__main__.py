"""`python -m fuzz [target …] [--seconds 60]`: look for inputs that break a target; exit 1 when one was found."""

import argparse
import hashlib
import random
import subprocess
import sys
from pathlib import Path

from fuzz import corpus

_MAX_BYTES = 4096
_OWN_MUTATIONS = 0.7  # of all; the others are libFuzzer's


def main() -> int:
    """Each target runs in a process of its own, for libFuzzer never returns."""
    options = _options()
    if options.here:
        _fuzz(options.targets[0], options.seconds)
    failed = [name for name in options.targets if _run(name, options.seconds) != 0]
    if failed:
        print(f"found something: {', '.join(failed)}; the inputs are in {corpus.KEPT}/found", file=sys.stderr)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    names = ("requests", "answers", "addresses", "documents")
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*names, []], default=names)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(name: str, seconds: int) -> int:
    print(f"{name}: {seconds} s", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "fuzz", name, "--seconds", str(seconds), "--here"], check=False
    ).returncode


def _fuzz(name: str, seconds: int) -> None:
    import atheris  # noqa: PLC0415  (an extra; the tests do without)

    with atheris.instrument_imports(include=["hotgate", "h11"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415  (what is imported here is what is covered)
    target = TARGETS[name]

    def mutated(data: bytes, max_size: int, seed: int) -> bytes:
        dice = random.Random(seed)
        if dice.random() < _OWN_MUTATIONS:
            return target.mutator.changed(data, dice)[:max_size]
        return bytes(atheris.Mutate(data, max_size))

    folder = corpus.kept(name)
    for seed in (*target.seeds, *corpus.outside(name)):
        _keep(folder, seed)
    found = corpus.kept("found")
    arguments = [f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", f"-artifact_prefix={found}/{name}-"]
    atheris.Setup(
        [name, str(folder), *arguments, "-timeout=10", "-print_final_stats=1"], target.check, custom_mutator=mutated
    )
    atheris.Fuzz()


def _keep(folder: Path, data: bytes) -> None:
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
