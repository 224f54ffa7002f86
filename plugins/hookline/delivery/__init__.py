"""From the outbox to the receivers: attempts, retries, breaker, dead letters."""
