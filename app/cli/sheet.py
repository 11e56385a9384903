"""The command that makes a lab's slide sheet."""

import argparse
import asyncio

from app import bootstrap
from app.cli.show import Output


async def sheet(options: argparse.Namespace, output: Output) -> int:
    """Make the workbook that the settings name, for scientists to fill in."""
    place = bootstrap.find_place(options.config, options.data_dir)
    path = await asyncio.to_thread(bootstrap.make_new_sheet, bootstrap.load_settings(place), options.scanner)
    output.document({"sheet": str(path)}, f"{path}: list a slide a row, from the third row down")
    return 0
