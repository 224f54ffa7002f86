"""Waiting tasks as the server knows them, so that an event finds its own by an index."""
