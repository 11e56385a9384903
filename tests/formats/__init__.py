"""The table of formats: what the program reads of each, made from real scans. `python -m tests.formats FOLDER`."""
