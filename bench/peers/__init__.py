"""One file = one server: how it is started for a scenario, with the settings a production user of it would choose.

All peers run with their access log off, one worker, and keep-alive to the backend. May import `scenario` and `peer`.
"""
