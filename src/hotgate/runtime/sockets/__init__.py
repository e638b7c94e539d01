"""Listening sockets of every kind, and how they change hands."""
