"""OAuth 2.0 on the server: consent, callback, and the keeper that has a token ready."""
