"""``/hooks/forms``: pages on which people send an event to a source."""
