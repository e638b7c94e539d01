"""`python -m bench`: install what is missing, measure, save the samples, and write the page if asked to."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import install, results
from bench.cores import TooFewCoresError
from bench.criteria import CRITERIA
from bench.options import DOCS, README, parse
from bench.plot import svg
from bench.readme import with_figures
from bench.report import page
from bench.run import measure
from bench.tables import criteria_table


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when figures were taken (whatever they are), 1 when that was not possible."""
    options = parse(arguments)
    if not options.only_docs:
        try:
            install.provide()
            taken = measure(options)
        except (install.MissingProgramError, TooFewCoresError) as error:
            print(error, file=sys.stderr)
            return 1
        taken.save(options.json)
        print(criteria_table(taken, CRITERIA))
    if options.write_docs or options.only_docs:
        _write_docs(results.load(options.json), DOCS)
    return 0


def _write_docs(taken: results.Results, folder: Path) -> None:
    (folder / "benchmarks.svg").write_text(svg(taken))
    held_out = folder / "endurance.json"
    endurance = json.loads(held_out.read_text()) if held_out.exists() else {}
    (folder / "benchmarks.md").write_text(page(taken, "benchmarks.svg", endurance))
    README.write_text(with_figures(README.read_text(), taken))


if __name__ == "__main__":
    sys.exit(main())
