"""Conditions in CEL, the Common Expression Language (cel.dev), as `path.owner == principal.subject`.

Start reading at `condition`. What a condition may look at is in `attributes`, with a type for each: an expression that
names anything else, or compares what cannot be compared, is an error of the configuration. What CEL itself cannot see
(members of maps, constants that can only fail) is found on the tree of the compiled expression: `checked_expression`,
`looks`, `wrong_constants`. At run time a condition is true, is false, or fails; whoever asks decides what a failure
means, and everybody here denies.

A policy that compiles expressions gets the attributes of its route from `attributes.route_attributes`.
"""
