"""Signed tokens (JWT): how they are taken apart, what they must say, and what their claims mean."""
