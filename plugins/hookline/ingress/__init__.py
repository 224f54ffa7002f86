"""From an HTTP request to a committed inbox row and its answer."""
