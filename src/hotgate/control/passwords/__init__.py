"""Who finds out whether a password is right, for all workers. Begin with `password_checks`."""
