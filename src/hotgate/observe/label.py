"""Label values of metrics: few, short and printable, whatever a name or a code contains."""

MAX_LABEL = 128
OTHER = "other"


def label(text: str) -> str:
    """`text` as a label value: unprintable characters become `_`, more than 128 characters are cut."""
    if text.isprintable() and len(text) <= MAX_LABEL:
        return text
    return "".join(character if character.isprintable() else "_" for character in text[:MAX_LABEL])


def count_new(counts: dict[str, int], name: str, most: int) -> None:
    """Count `name`, which is not in `counts` as it is spelt; past `most` names everything new counts as `other`.

    Codes and kinds may come from a policy or a backend: without this bound they could grow the metrics for ever.
    """
    name = label(name)
    if name not in counts and len(counts) >= most:
        name = OTHER
    counts[name] = counts.get(name, 0) + 1
