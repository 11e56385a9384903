"""Slideferry: carries whole-slide scans from the scanner to the share, verified."""

__version__ = "0.1.0"
