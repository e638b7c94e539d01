"""What every part of a directory raises; who handles it need not import the others."""


class DirectoryUnavailable(Exception):
    """It cannot be reached, or does not do what is asked. The text is for operators."""
