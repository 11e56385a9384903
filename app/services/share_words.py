"""What was found on the share, in words, and what to do about it."""

from app.domain.transfer import BAD_MANIFEST, DIFFERS, LINK, MISSING, NOT_LISTED, UNREADABLE, ScrubFinding

_RESTORE = "copy it again from the scanner if it is still there, or restore it from a backup"
_WORDS = {
    MISSING: "is listed, but not there",
    DIFFERS: "does not hold the bytes that were verified",
    UNREADABLE: "cannot be read",
    BAD_MANIFEST: "has lines that cannot be checked",
    LINK: "is a link",
    NOT_LISTED: "is in no manifest",
}
_HINTS = {
    MISSING: f"Look whether somebody moved it, or removed its folder's manifest; else {_RESTORE}",
    DIFFERS: f"Do not use it; {_RESTORE}. Then check the share's disks",
    UNREADABLE: f"Check the share's disks and this account's rights; if it stays unreadable, {_RESTORE}",
    BAD_MANIFEST: "Correct or remove those lines; the files they listed are not checked until then",
    LINK: "Links on the share are never followed: put the file itself in its place",
    NOT_LISTED: "Somebody put it there beside the program; it is not checked",
}


def finding_words(finding: ScrubFinding) -> str:
    """Return what is wrong with a file: with both hashes where it differs, with the reason if there is one."""
    words = _WORDS[finding.problem]
    if finding.problem == DIFFERS:
        return f"{words}: {finding.listed} is listed, {finding.found} is there"
    if finding.problem == MISSING and finding.detail:
        return finding.detail
    return f"{words}: {finding.detail}" if finding.detail else words


def finding_hint(problem: str, source: str) -> str:
    """Return what to do; `source` is the scanner's file where that is still there."""
    if source and problem in (MISSING, DIFFERS, UNREADABLE):
        return f"The scanner still has it: {source}. Move the one on the share away, then copy it again from there"
    return _HINTS[problem]
