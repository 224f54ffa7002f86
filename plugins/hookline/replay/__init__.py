"""Replay: events that run again, or at last, many by filter; planned first, then carried out."""
