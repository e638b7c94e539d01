"""What surrounds the servers: wrk, the backends, and small clients of our own. All of it runs on the load core."""
