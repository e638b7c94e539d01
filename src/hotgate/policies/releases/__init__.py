"""Releases: part of a route's requests goes to other upstreams, or is copied to one.

`release` chooses among the route's own upstream and those under `to`; start reading there. A chosen upstream is a twin
of the compiled route with another target, so that routes without a release have nothing to ask. Who keeps to which
side is in `sticking` and `split`, which requests are sent to one whatever the weights say in `rules`, and what
operators or the gateway itself have changed since in `overrides`. `mirror` sends copies whose answers nobody reads.
"""
