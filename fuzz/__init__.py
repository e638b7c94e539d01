"""Fuzzing of what strangers send. The oracle: what Hotgate sends on means the same to everybody else.

A target (`targets/`, one file each) is a function of bytes that raises `Disagreement`. `mutation` makes inputs from
`seeds/` and `fragments`; `corpus` keeps those that reached new code; atheris drives it all (`__main__`), and the tests
run each target over some thousand inputs without it. `readings` is how h11 understands a stream of messages; `peers/`
and `differential` ask Node.js and nginx about the same streams. The gateway under test is the real data plane on
connections in memory (`tests/wire/memory_*.py`). Start reading with `targets/requests.py`.
"""
