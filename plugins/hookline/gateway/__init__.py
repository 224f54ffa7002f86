"""The public routes behind a server of their own: bounds, TLS, a graceful end, several processes."""
