"""Questions the window asks; each is opened, never executed, and answered through a future."""
