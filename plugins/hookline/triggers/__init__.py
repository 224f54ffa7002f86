"""Triggers: what runs in the triggerer instead of on a worker."""
