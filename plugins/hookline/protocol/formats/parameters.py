"""Header fields with parameters (RFC 9110 section 5.6.6, RFC 2231)."""

from __future__ import annotations

from email.message import Message

# ``email.utils.decode_params`` raises what its own slips raise: it sorts ``a*=x; a*0=y`` as None and 0, and
# looks up whatever charset is named.
BROKEN = (ValueError, TypeError, LookupError, AttributeError, OverflowError)


def parse(name: str, value: str) -> Message | None:
    """Return the field as a message that has only it, or None if it cannot be read.

    :param value: the caller bounds it; reading takes time that grows with the square of the parameters.
    """
    header = Message()
    try:
        header[name] = value
        header.get_params(header=name)
        header.get_filename()
    except BROKEN:
        return None
    return header
