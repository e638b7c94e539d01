"""From a validated configuration to what workers run.

Start reading at `compile`: it compiles upstreams (`compile_upstreams`), entries of `identity`, decision points and the
routes of the file (`compile_routes`, each of them by `compile_route`), adds the gateway's own paths
(`compile_endpoints`, `compile_resources`), and makes of them one snapshot. Whatever is wrong is collected in
`problems`, so that all of it is said at once. What outlives a reload is in `compiled`.
"""
