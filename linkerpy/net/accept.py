"""Accept: how much a caller likes a content type.

Source: RFC 9110, section 12.5.1.
"""


def quality(accept: str, content_type: str) -> float:
    """From 0 (not at all) to 1, by the header's most exact range that covers the type.

    A range that names a `version` covers that version alone; other parameters are of no account.
    An empty header likes everything.
    """
    wanted, _, parameters = content_type.partition(";")
    best = (-1, 0.0)
    own = dict(_parameter(part) for part in parameters.split(";") if part.strip())
    for range_ in accept.split(","):
        name, *rest = (part.strip() for part in range_.split(";"))
        exact = _exactness(name.lower(), wanted.strip().lower())
        given = dict(_parameter(part) for part in rest if part)
        weight = _weight(given.pop("q", "1"))
        version = given.get("version")
        if exact < 0 or (version is not None and version != own.get("version")):
            continue
        best = max(best, (exact + (version is not None), weight))
    return best[1] if accept.strip() else 1.0


def _exactness(range_: str, wanted: str) -> int:
    if range_ == wanted:
        return 4
    if range_ == "*/*":
        return 0
    return 2 if range_.endswith("/*") and wanted.startswith(range_[:-1]) else -1


def _parameter(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
