"""Conditions in CEL, the Common Expression Language (cel.dev), as `path.owner == principal.subject`.

Start reading at `condition`. What a condition may look at is declared in `attributes`, with a type for each: an
expression that names anything else, or compares what cannot be compared, is an error of the configuration. At run time
a condition is true, is false, or fails; whoever asks decides what a failure means, and everybody here denies.
"""
