"""Verified transfer to folders, publishing, manifests, locks."""
