"""Notifiers for ``on_…_callback``."""
