"""How one control process takes another's place."""
