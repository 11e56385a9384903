"""The journal: SQLite on a local disk, written before each act."""
