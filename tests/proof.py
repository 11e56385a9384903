"""Writes what a long proof found to docs/proof/: when, at which commit, how often, and its figures."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def write_proof(name: str, figures: dict[str, Any]) -> None:
    """Write one proof, where `make prove` asks for it (SLIDEFERRY_PROVE)."""
    if os.environ.get("SLIDEFERRY_PROVE") != "1":
        return
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    others = ["git", "status", "--porcelain", "--", ".", ":!docs/proof"]
    changed = subprocess.run(others, cwd=ROOT, capture_output=True, text=True, check=False)
    proof = {
        "commit": head.stdout.strip(),
        "with_uncommitted_changes": bool(changed.stdout.strip()),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **figures,
    }
    folder = ROOT / "docs" / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(proof, indent=2) + "\n", encoding="utf-8")
