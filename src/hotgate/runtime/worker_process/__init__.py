"""A worker: the data plane on one event loop, and its line to the control process."""
