"""The workers as the control process sees them: starting, speaking with, replacing and draining them."""
