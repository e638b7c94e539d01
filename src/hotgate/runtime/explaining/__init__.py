"""Why a request is answered as it is: the compiled route table and the real steps, run one by one, with nobody harmed.

A configuration is compiled once more, with services that look and do not touch (`peeking.py`): a limit is peeked at, a
token for one use stays unused, a wrong password counts for nothing. `explainer.py` reads a described request as the
edge reads bytes, finds its route, runs each step and notes what it did; it stops where the backend would be asked.
The control process does so for a running gateway (`live.py`), with its keys, store and limits; the command does it
alone where none runs (`alone.py`). `tables/` and `replay/` ask many questions: `hotgate test`, `hotgate diff`. Start
reading at `explainer.py`.
"""
