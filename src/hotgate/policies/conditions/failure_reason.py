"""Why an evaluation failed, without what a client sent: the library's messages repeat values, which may be secret."""

import re

_MAX_LENGTH = 300
_CODE = re.compile(r"^[A-Z_]+: ")  # of the status, as "NOT_FOUND: "
_VALUE = re.compile(r""" ?[:'"].*""", re.DOTALL)  # the first thing that may be a value, and all behind it
# What the library says, in the words of those who wrote the condition.
_WORDS = {
    "Key not found in map": "a member is not there, or not of the declared kind",
    "No matching overloads found": "a value is of another kind than the expression needs",
}
_NAME = re.compile(r"""["']([^"']+)["']$""")


def failure_reason(message: str, source: str) -> str:
    """The message up to its first value; with the name at its end, if the expression spells it out itself."""
    text = _CODE.sub("", message)
    kind = _VALUE.sub("", text) or "a function failed"
    kind = _WORDS.get(kind, kind)
    name = _NAME.search(text)
    told = f'{kind}: "{name[1]}"' if name is not None and name[1] in source else kind
    return told[:_MAX_LENGTH]
