"""From a validated configuration to what workers run."""
