"""Vendors: one module each, called as its ``auth_type``; the registry finds them by their file names."""
