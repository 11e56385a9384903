"""This program as the PC sees it: how much of it other programs feel."""
