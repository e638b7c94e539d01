"""Certificates of clients: what they say, whom they prove, and whether they still hold."""
