"""Holds the spreadsheet server against recordings of the real service. `python -m tests.fakes.replay FOLDER --json`."""
