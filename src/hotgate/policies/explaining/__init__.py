"""What a worker says of its decisions: in its decision log, and in a field of answers that an operator asks for.

Both are steps of a route as any other (`runtime/compiling/observing.py` adds them), so they cost nothing where they are
off. Start reading at `facts.py`.
"""
