"""How a sender proves who it is: one module per scheme, each a :class:`~.scheme.Scheme`."""
