"""Replays recordings of the real service and prints how the server's answers compare.

`python -m tests.fakes.replay FOLDER --json` prints {"total", "agree", "outside", "differ"} and, beside them, how the
values compare, which calls are outside, and what was there before each recording began.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.fakes.replay.replaying import Verdict, replay_folder


def main(words: list[str]) -> int:
    """Print the verdict; return 1 when an answer differs, 2 when the folder holds no recording."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.replay", description=__doc__)
    parser.add_argument("folder", type=Path, help="recordings (vcrpy or betamax, JSON), also in folders below")
    parser.add_argument("--json", action="store_true", help="one JSON document in place of a few lines")
    chosen = parser.parse_args(words)
    verdict = replay_folder(chosen.folder)
    if not verdict.total:
        sys.stderr.write(f"no recording below {chosen.folder}\n")
        return 2
    text = json.dumps(verdict.json(), indent=2, ensure_ascii=False) if chosen.json else _lines(verdict)
    sys.stdout.write(text + "\n")
    return 1 if verdict.differ else 0


def _lines(verdict: Verdict) -> str:
    lines = [
        f"{verdict.total} requests: {verdict.agree} agree, {len(verdict.differ)} differ, {verdict.outside} outside",
        f"{verdict.values_compared} values compared, {len(verdict.values_differ)} differ",
    ]
    for each in (*verdict.differ, *verdict.values_differ):
        lines += [f"{each.recording} {each.number}: {each.request}", *(f"    {why}" for why in each.why)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
