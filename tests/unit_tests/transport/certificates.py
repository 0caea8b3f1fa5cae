"""A certificate authority of our own, and a server that shows its certificate."""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PIECE = 65536
_PATIENCE = 0.05


class Authority:
    """Signs a certificate for this machine.

    Args:
        folder: Where its files are written.

    Attributes:
        path: File with its own certificate.
        context: What a server of this machine shows.
    """

    def __init__(self, folder: Path) -> None:
        """Make the keys and both certificates."""
        key, own = ec.generate_private_key(ec.SECP256R1()), _name("Test authority")
        issuer = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        draft = (
            _draft(own, own, key)
            .add_extension(
                x509.BasicConstraints(ca=True, path_length=None), critical=True
            )
            .add_extension(_signs_certificates(), critical=True)
            .add_extension(issuer, critical=False)
        )
        root = _signed(draft, key)
        server = ec.generate_private_key(ec.SECP256R1())
        here = [
            x509.DNSName("localhost"),
            x509.DNSName("media.example"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        # Python 3.13 and later take no certificate without a word of its issuer's key.
        known = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer)
        draft = (
            _draft(_name("localhost"), own, server)
            .add_extension(x509.SubjectAlternativeName(here), critical=False)
            .add_extension(known, critical=False)
        )
        self.path = folder / "authority.pem"
        self.path.write_bytes(_pem(root))
        chain = folder / "server.pem"
        chain.write_bytes(_pem(_signed(draft, key)) + _key(server))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)


class TlsFront(ThreadingTCPServer):
    """Takes TLS connections and passes what they say to a plain server.

    Args:
        authority: Whose certificate it shows.
        port: Port of the plain server on this machine.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, authority: Authority, port: int) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Passing)
        self.authority, self.behind = authority, port
        self.names: list[str | None] = []
        authority.context.sni_callback = self._note

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def _note(self, _: Any, name: str | None, __: Any) -> None:
        self.names.append(name)


class _Passing(BaseRequestHandler):
    server: TlsFront

    def handle(self) -> None:
        """Pass bytes both ways until one side is done."""
        address = ("127.0.0.1", self.server.behind)
        with (
            suppress(OSError),  # whoever does not trust the certificate hangs up
            self.server.authority.context.wrap_socket(
                self.request, server_side=True
            ) as client,
            socket.create_connection(address) as there,
        ):
            ends = {client: there, there: client}
            while True:
                ready = [client] if client.pending() else []
                ready = ready or select.select(list(ends), [], [], 10)[0]
                data = ready[0].recv(_PIECE) if ready else b""
                if not data:
                    return
                ends[ready[0]].sendall(data)


@contextmanager
def tls_front(authority: Authority, port: int) -> Iterator[TlsFront]:
    """Run a server that shows a certificate in front of a plain one."""
    with TlsFront(authority, port) as front:
        thread = threading.Thread(
            target=front.serve_forever, args=(_PATIENCE,), daemon=True
        )
        thread.start()
        try:
            yield front
        finally:
            front.shutdown()
            thread.join()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _draft(whose: x509.Name, issuer: x509.Name, key: Any) -> Any:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _signs_certificates() -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(key_cert_sign=True, **dict.fromkeys(names, False))


def _signed(draft: Any, key: Any) -> x509.Certificate:
    signed: x509.Certificate = draft.sign(key, hashes.SHA256())
    return signed


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: Any) -> bytes:
    found: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return found
