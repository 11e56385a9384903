"""Under which headers our columns stand in the lab's sheet: our own, or those that the lab gave them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from app.domain.sheet import WRITTEN_COLUMNS
from app.domain.sheet_reading import header_text, nearest, same_header

_MARK = "="


def lab_headers(named: Sequence[str]) -> Mapping[str, str]:
    """Return how the sheet calls each column of ours, from texts such as `Status = Scan status`."""
    by_fold = {header.casefold(): header for header in WRITTEN_COLUMNS}
    given = {by_fold[ours.casefold()]: theirs for ours, theirs in map(_parts, named)}
    return {header: given.get(header, header) for header in WRITTEN_COLUMNS}


def headers_problem(named: Sequence[str]) -> str | None:
    """Say what is wrong with such texts, None where they may stand."""
    for text in named:
        ours, theirs = _parts(text)
        if not ours or not theirs:
            return "must be texts such as “Status = Scan status”: our column, and the lab's header for it"
        if not any(same_header(ours, header) for header in WRITTEN_COLUMNS):
            close = nearest(ours, WRITTEN_COLUMNS)
            meant = f"did you mean “{close}”?" if close else "there are " + ", ".join(WRITTEN_COLUMNS)
            return f"names “{ours}”, which is no column of ours; {meant}"
    twice = _twice([_parts(text)[0] for text in named])
    if twice:
        return f"must give “{twice}” one header"
    alike = _twice(list(lab_headers(named).values()))
    return f"must not give two columns of ours the header “{alike}”" if alike else None


def taken_header(named: Sequence[str], taken: str) -> str | None:
    """Return which column of ours was given a header that is another column's, None where none was."""
    given = (_parts(text) for text in named)
    return next((ours for ours, theirs in given if same_header(theirs, taken)), None)


def _parts(text: str) -> tuple[str, str]:
    ours, _, theirs = text.partition(_MARK)
    return header_text(ours), header_text(theirs)


def _twice(headers: Sequence[str]) -> str | None:
    count = Counter(header.casefold() for header in headers)
    return next((header for header in headers if count[header.casefold()] > 1), None)
