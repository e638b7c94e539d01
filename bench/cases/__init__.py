"""One file = one case. `probes(lab, peer)` starts what the case needs and returns its probes of that server.

Cases may import `lab`, `load` and `peers`, never each other.
"""
