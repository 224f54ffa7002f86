"""``/hooks/resume``: links by which somebody outside lets a waiting task go on."""
