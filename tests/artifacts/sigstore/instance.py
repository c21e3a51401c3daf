"""An instance of sigstore on the loopback interface: real keys, certificates and proofs.

Fulcio's and Rekor's answers as their first API versions give them: a certificate
with an embedded timestamp of a transparency log (RFC 6962), and an entry of a log
that holds nothing else, with its inclusion proof, checkpoint and promise.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://issuer.example.org"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER_IS = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_SHA256 = ec.ECDSA(hashes.SHA256())
_ORIGIN = "rekor.example.org - 1"


def token(identity: str, *, seconds: float = 600) -> str:
    """What an identity provider gives; nobody checks who signed it here."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": identity, "aud": "sigstore", "iat": now, "exp": now + seconds}
    rows = [json.dumps({"alg": "ES256"}), json.dumps(claims), "signature"]
    return ".".join(_text(row.encode(), url=True).rstrip("=") for row in rows)


class Instance:
    """Its keys, and what it answers."""

    def __init__(self) -> None:
        self.authority, self.ct, self.rekor = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        )
        self.root = self._root()
        self.url = ""

    def trust(self) -> dict[str, Any]:
        """The client trust configuration."""
        always = {"start": "2020-01-01T00:00:00Z"}

        def log(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            public = {"rawBytes": _text(_public(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
            return {
                "baseUrl": self.url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": {**public, "validFor": always},
                "logId": {"keyId": _text(_id(key))},
            }

        certificate = _text(self.root.public_bytes(serialization.Encoding.DER))
        service = {"url": self.url, "majorApiVersion": 1, "validFor": always, "operator": "test"}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [log(self.rekor)],
                "ctlogs": [log(self.ct)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "test", "commonName": "test"},
                        "uri": self.url,
                        "certChain": {"certificates": [{"rawBytes": certificate}]},
                        "validFor": always,
                    }
                ],
                "timestampAuthorities": [],
            },
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [],
                "rekorTlogUrls": [service],
                "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }

    def certificate(self, request: dict[str, Any], bearer: str) -> dict[str, Any]:
        """Fulcio's answer: who has the token gets a certificate of its identity."""
        asked = x509.load_pem_x509_csr(base64.b64decode(request["certificateSigningRequest"]))
        claims = json.loads(base64.urlsafe_b64decode(bearer.split(".")[1] + "=="))
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(asked.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()),
                critical=False,
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(claims["sub"])]),
                critical=True,
            )
            .add_extension(
                x509.UnrecognizedExtension(_ISSUER_IS, claims["iss"].encode()), critical=False
            )
        )
        plain = builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        scts = x509.UnrecognizedExtension(_SCTS, self._timestamp(plain))
        made = builder.add_extension(scts, critical=False).sign(self.authority, hashes.SHA256())
        chain = [row.public_bytes(serialization.Encoding.PEM).decode() for row in (made, self.root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def entry(self, body: dict[str, Any]) -> dict[str, Any]:
        """Rekor's answer: the only entry of a log."""
        data = _canonical(body)
        root = hashlib.sha256(b"\0" + data).digest()
        note = f"{_ORIGIN}\n1\n{_text(root)}\n"
        signed = _id(self.rekor)[:4] + self.rekor.sign(note.encode(), _SHA256)
        row = {
            "body": _text(data),
            "integratedTime": int(time.time()),
            "logID": _id(self.rekor).hex(),
            "logIndex": 0,
        }
        promise = self.rekor.sign(_canonical(row), _SHA256)
        proof = {
            "checkpoint": f"{note}\n\u2014 rekor.example.org {_text(signed)}\n",
            "hashes": [],
            "logIndex": 0,
            "rootHash": root.hex(),
            "treeSize": 1,
        }
        proved = {"signedEntryTimestamp": _text(promise), "inclusionProof": proof}
        return {"0": {**row, "verification": proved}}

    def _timestamp(self, plain: bytes) -> bytes:
        """The list of one signed certificate timestamp, as an extension holds it."""
        now = int(time.time() * 1000)
        issuer = hashlib.sha256(_public(self.authority)).digest()
        entry = issuer + len(plain).to_bytes(3) + plain
        said = struct.pack("!BBQH", 0, 0, now, 1) + entry + b"\0\0"
        signature = self.ct.sign(said, _SHA256)
        head = struct.pack("!B32sQHBBH", 0, _id(self.ct), now, 0, 4, 3, len(signature))
        sct = head + signature
        rows = len(sct).to_bytes(2) + sct
        rows = len(rows).to_bytes(2) + rows
        return (
            b"\x04"
            + (bytes([len(rows)]) if len(rows) < 128 else b"\x81" + bytes([len(rows)]))
            + rows
        )

    def _root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "test")])
        now = datetime.now(UTC)
        public = self.authority.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.authority, hashes.SHA256())
        )


@contextmanager
def serving(directory: Path) -> Iterator[Path]:
    """An instance that answers; gives the file of its trust configuration."""
    instance = Instance()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/signingCert"):
                bearer = self.headers["Authorization"].removeprefix("Bearer ")
                answer = instance.certificate(body, bearer)
            else:
                answer = instance.entry(body)
            data = json.dumps(answer).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words: Any) -> None:
            """Nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    instance.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        place = directory / "trust.json"
        place.write_text(json.dumps(instance.trust()))
        yield place
    finally:
        server.shutdown()
        server.server_close()


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_cert_sign=not signs,
        crl_sign=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def _id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_public(key)).digest()


def _text(data: bytes, *, url: bool = False) -> str:
    return (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode()


def _canonical(value: dict[str, Any]) -> bytes:
    """RFC 8785, for the texts and whole numbers that there are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
