"""The scans of one slide, from the journal alone."""

import argparse
from collections.abc import Callable
from typing import Any

from app import bootstrap
from app.cli.show import Output
from app.domain.errors import UseError
from app.domain.journal import Journal
from app.services.finding import find_scan
from app.services.rescan_chain import ChainScan, RescanChain, chain_lines, read_chain


async def rescans(options: argparse.Namespace, output: Output) -> int:
    """Print all scans of a slide, oldest first, and which one is kept."""
    place = bootstrap.find_place(options.config, options.data_dir)
    absolute = bootstrap.open_destination(bootstrap.load_settings(place)).absolute
    async with bootstrap.open_journal(place) as store:
        chain = await store.work(lambda journal: _chain(journal, options.slide))
    output.document(_document(chain, absolute), _text(chain))
    return 0


def _chain(journal: Journal, slide: str) -> RescanChain:
    dossiers = journal.dossiers()
    if any(each.scan.barcode == slide for each in dossiers):
        return read_chain(journal, slide, dossiers)
    scan = find_scan(slide, dossiers)
    barcode = next(each.scan.barcode for each in dossiers if each.id == scan)
    if barcode is None:
        raise UseError("This scan has no barcode yet", scan, "`assign` says which slide it is")
    return read_chain(journal, barcode, dossiers)


def _document(chain: RescanChain, absolute: Callable[[str], str]) -> dict[str, Any]:
    return {"barcode": chain.barcode, "kept": chain.kept, "scans": [_part(each, absolute) for each in chain.scans]}


def _part(each: ChainScan, absolute: Callable[[str], str]) -> dict[str, Any]:
    return {
        "id": each.id,
        "source": each.source_name,
        "found": each.found_at.isoformat(),
        "state": each.state.value,
        "verdict": each.verdict.value,
        "reason": each.reason,
        "place": each.place.value,
        "destination": absolute(each.destination) if each.destination else None,
        "kept": each.kept,
        "decided_by": each.decided_by or None,
        "decided_at": each.decided_at.isoformat() if each.decided_at else None,
    }


def _text(chain: RescanChain) -> str:
    lines = [f"Slide {chain.barcode}, {len(chain.scans)} scan" + ("" if len(chain.scans) == 1 else "s")]
    for number, words in chain_lines(chain):
        lines.append(f"{number:>4}  " + words.replace("\n", "\n      "))
    return "\n".join(lines)
