"""What ``benchmarks/peers.py`` compares, one module each."""
