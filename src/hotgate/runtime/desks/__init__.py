"""What the control process does for its workers and operators, one desk per subject."""
