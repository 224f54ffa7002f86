"""A process that carries replays out as fast as it can, until it is killed."""

from __future__ import annotations

import time

from hookline.replay import carry

if __name__ == "__main__":
    while True:
        if not carry.go():
            time.sleep(0.001)
