"""Quality thresholds tried on the verdicts that the journal holds."""

import argparse

from app import bootstrap
from app.cli.show import Output
from app.domain.settings import Settings
from app.services.tuning import Trial, read_past, try_thresholds
from app.services.tuning_json import tuning_document
from app.services.tuning_words import tuning_text


async def quality_tune(options: argparse.Namespace, output: Output) -> int:
    """Print what other thresholds would have said of past scans; nothing is changed."""
    place = bootstrap.find_place(options.config, options.data_dir)
    settings = (bootstrap.settings_if_any(place) or Settings()).quality
    trial = Trial(options.blur, options.focus, options.tissue, options.scanner, options.since)
    async with bootstrap.open_journal(place) as store:
        past = await store.work(lambda journal: read_past(journal, settings, trial))
    report = try_thresholds(past, settings, trial)
    output.document(tuning_document(report, trial), tuning_text(report, trial, str(place.settings_file)))
    return 0
