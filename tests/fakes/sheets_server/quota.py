"""How many requests a minute are let through: 60 reads and 60 writes a user, 300 of each a project."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.sheets_server.errors import ApiError, refusal

MINUTE_SECONDS = 60
PROJECT = "270012345678"


@dataclass(slots=True)
class Quota:
    """Buckets that are filled again at every full minute of `clock`."""

    clock: Callable[[], float]
    per_user: int = 60
    per_project: int = 300
    used: dict[tuple[int, str, str], int] = field(default_factory=dict)

    def spend(self, kind: str, account: str) -> None:
        """Count a `read` or a `write`. Raises ApiError 429 when the user or the project has none left this minute."""
        minute = int(self.clock() // MINUTE_SECONDS)
        self.used = {key: count for key, count in self.used.items() if key[0] == minute}
        for whose, limit in ((account, self.per_user), ("", self.per_project)):
            if self.used.get((minute, kind, whose), 0) >= limit:
                raise exceeded(kind, per_user=bool(whose), limit=limit)
        for whose in (account, ""):
            self.used[minute, kind, whose] = self.used.get((minute, kind, whose), 0) + 1


def exceeded(kind: str, *, per_user: bool, limit: int) -> ApiError:
    """Return the refusal of a request too many, as Google words it."""
    word, whose = kind.capitalize(), " per user" if per_user else ""
    message = (
        f"Quota exceeded for quota metric '{word} requests' and limit '{word} requests per minute{whose}' of service "
        f"'sheets.googleapis.com' for consumer 'project_number:{PROJECT}'."
    )
    metadata = {
        "consumer": f"projects/{PROJECT}",
        "service": "sheets.googleapis.com",
        "quota_metric": f"sheets.googleapis.com/{kind}_requests",
        "quota_limit": f"{word}RequestsPerMinutePer{'User' if per_user else 'Project'}",
        "quota_limit_value": str(limit),
        "quota_location": "global",
    }
    reason = {"reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com", "metadata": metadata}
    link = {
        "description": "Request a higher quota limit.",
        "url": "https://cloud.google.com/docs/quotas/help/request_increase",
    }
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", **reason},
        {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]},
    ]
    return refusal(429, "RESOURCE_EXHAUSTED", message, details)
