"""The gateway as a client of authorization servers: who it says it is, and one bounded call.

Begin with `endpoint_call`.
"""
