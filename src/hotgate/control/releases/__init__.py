"""How the sides of releases do, over all workers: `release_watch` collects, `side_window` counts, `verdict` compares.

No I/O. What follows from it is decided in `runtime/desks/releases/release_desk.py`.
"""
