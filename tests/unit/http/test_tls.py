"""TLS contexts are kept, but not longer than the files they are made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hookline.http import tls
from hookline.http.target import from_fields
from tests.conformance.http.certificate import certify


@pytest.mark.parametrize("renewed", ["certificate.pem", "key.pem"])
def test_a_renewed_certificate_is_seen(tmp_path: Path, renewed: str) -> None:
    _, certificate = certify(tmp_path)
    extra = {"auth_type": "none", "client_cert": certificate, "client_key": str(tmp_path / "key.pem")}
    target = from_fields(host="h", extra=extra)
    first = tls.context(target)
    assert tls.context(target) is first

    os.utime(tmp_path / renewed, ns=(1, 1))

    assert tls.context(target) is not first
