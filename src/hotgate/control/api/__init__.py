"""The admin API under `/api/`: consumers, keys, revocations, and the state of the gateway, as JSON.

Each resource is a file with its models and its `ENDPOINTS`. One table of all of them (`routes.py`) makes the routes,
the OpenAPI document and docs/admin-api.md, so that these cannot differ. `endpoint.py` runs one of them: it reads the
input, checks it against the model, calls the handler, writes the audit line. Start reading there.
"""
