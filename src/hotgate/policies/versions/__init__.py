"""Versions of APIs: what answers say of a version that will end, what becomes of requests then, and who still comes.

Which route a request for a version takes is decided by the route table (`routing/version.py`); start reading there.
"""
