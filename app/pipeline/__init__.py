"""The journey of a scan: its steps, the runner that takes them, recovery. Knows no Qt and no vendor library."""
