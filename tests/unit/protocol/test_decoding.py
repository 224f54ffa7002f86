"""Compressed bodies: decoded in bounded pieces, whole, and once."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol import extent, inflate
from hookline.protocol.bounds import Bounds
from hookline.protocol.decoding import PIECE, TAKEN, BrokenEncoding, Decoder
from hookline.protocol.problem import Rejected
from tests.unit.protocol.requests import message


def raw_deflate(content: bytes) -> bytes:
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(content) + made.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "gzip in two members": ("gzip", lambda content: gzip.compress(content[:5]) + gzip.compress(content[5:])),
    "deflate": ("deflate", zlib.compress),
    "deflate without its wrapper": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
}


@pytest.mark.parametrize(("coding", "compress"), CODINGS.values(), ids=CODINGS)
@pytest.mark.parametrize("step", [1, 100, 1_000_000])
def test_a_body_is_inflated(coding: str, compress: Callable[[bytes], bytes], step: int) -> None:
    content = bytes(range(256)) * 400
    compressed = compress(content)
    decoder = Decoder(coding, TAKEN)
    pieces = [
        piece for at in range(0, len(compressed), step) for piece in decoder.feed(compressed[at : at + step])
    ]
    decoder.finish()
    assert b"".join(pieces) == content


@pytest.mark.parametrize(("coding", "compress"), CODINGS.values(), ids=CODINGS)
def test_a_bomb_comes_in_pieces_and_stops_at_the_limit(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(bytes(50_000_000))
    assert max(map(len, Decoder(coding, TAKEN).feed(bomb))) <= 2 * PIECE
    with pytest.raises(Rejected) as raised:
        inflate.content(message(bomb), coding, Bounds(1_000_000, "file:///s"))
    assert raised.value.problem.status == 413


def test_a_bomb_in_a_bomb_is_inflated_once() -> None:
    inner = gzip.compress(bytes(50_000_000))
    assert inflate.content(message(gzip.compress(inner)), "gzip", Bounds()) == inner


def test_a_large_body_is_inflated_into_a_file() -> None:
    content = inflate.content(message(gzip.compress(b"a" * 300_000)), "gzip", Bounds(400_000, "file:///s"))
    assert isinstance(content, extent.Extent)
    assert extent.whole(content) == b"a" * 300_000


BROKEN = {
    "gzip cut off": ("gzip", gzip.compress(b"hello" * 100)[:-9]),
    "gzip without its check": ("gzip", gzip.compress(b"hello")[:-1]),
    "gzip with a wrong check": ("gzip", gzip.compress(b"hello")[:-8] + b"\0" * 8),
    "gzip with rubbish behind it": ("gzip", gzip.compress(b"hello") + b"rubbish"),
    "gzip that is none": ("gzip", b"{}"),
    "deflate cut off": ("deflate", zlib.compress(b"hello")[:-1]),
    "deflate that is none": ("deflate", b"\xff\xff\xff"),
    "br cut off": ("br", brotli.compress(b"hello")[:-1]),
    "br with rubbish behind it": ("br", brotli.compress(b"hello") + b"rubbish"),
    "br that is none": ("br", b"\xff\xff\xff"),
}


@pytest.mark.parametrize(("coding", "body"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_is_broken_is_refused(coding: str, body: bytes, step: int) -> None:
    decoder = Decoder(coding, TAKEN)
    with pytest.raises(BrokenEncoding):  # noqa: PT012  wherever it is noticed
        for at in range(0, len(body), step):
            list(decoder.feed(body[at : at + step]))
        decoder.finish()


@given(st.sampled_from(["gzip", "deflate", "br"]), st.binary(max_size=80))
def test_any_bytes_are_inflated_or_malformed(coding: str, body: bytes) -> None:
    try:
        inflate.content(message(body), coding, Bounds())
    except Rejected as rejected:
        status = rejected.problem.status
    else:
        status = 400
    assert status == 400
