"""The configuration file: what may stand in it, how it is read, and how every mistake gets its line and column.

The way of a file: `document` (YAML → tree that knows its positions, `variables` filled in) → `includes` → `merging`
(defaults and profiles into routes) → the models (`gateway`, built by `models` with the keys that policies and identity
mechanisms add) → `references` (names that must exist) and `certificates` (keys that must fit). `loader.load` runs them
all and reports all errors at once.

It imports nothing of Hotgate but `hotgate.http`. Start reading in `loader`, then `gateway` and `routes`.
"""
