"""An in-toto statement about a run, and the DSSE envelope in which it is signed.

The statement names manifest.json by its digest; its predicate is in-toto's test result: what was required, or
claimed, and whether it was found (in-toto attestation framework v1, predicate test-result v0.1).
"""

import base64
import json
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from latent_audit.reports.errors import NotPlainJson, SignatureWrong
from latent_audit.reports.record.run_files import MANIFEST_NAME
from latent_audit.reports.record.signature import fingerprint
from latent_audit.reports.record.strict_json import parse
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts
from latent_audit.vocabulary.verdicts import SUPPORTED

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"
OF_STATUS = {"met": PASSED, "not_met": FAILED, "undecided": WARNED}


def statement(run_id: str, audit: Audit, manifest_sha256: str, settings_sha256: str) -> bytes:
    """Returns the statement as JSON; the same run gives the same bytes.

    Its tests are the requirements of the settings. Without any, they are the claims on the models that are shown in
    full, of which those that are not Supported are warnings.
    """
    tests = list(_tests(audit))
    names = {word: [name for name, found in tests if found == word] for word in (PASSED, WARNED, FAILED)}
    result = next((word for word in (FAILED, WARNED) if names[word]), PASSED)
    return _json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": f"{run_id}/{MANIFEST_NAME}", "digest": {"sha256": manifest_sha256}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "result": result,
                "configuration": [{"name": "settings.yaml", "digest": {"sha256": settings_sha256}}],
                "passedTests": names[PASSED],
                "warnedTests": names[WARNED],
                "failedTests": names[FAILED],
            },
        }
    )


def _tests(audit: Audit) -> Iterable[tuple[str, str]]:
    required = audit.get("requirements", [])
    for row in required:
        yield (
            f"{row['model']}: {row['attribute']}: {row['place']}: {row['verdict']}",
            OF_STATUS[row["status"]],
        )
    if required:
        return
    leads = {(model["name"], model["seed"]) for model in lead_models(audit)}
    placed = [row for row in audit.get("where", []) if (row["model"], row["seed"]) in leads]
    for place in placed:
        name = f"{place['model']}: {place['attribute']}: {place['rung']}"
        yield name, PASSED if place["verdict"] == SUPPORTED else WARNED
    for verdict in () if placed else lead_verdicts(audit):
        name = f"{verdict['model']}: {verdict['attribute']}: dimension"
        yield name, PASSED if verdict["verdict"] == SUPPORTED else WARNED


def is_statement(data: bytes) -> bool:
    """Returns whether bytes are an in-toto statement, not yet signed."""
    try:
        found = parse(data)
    except NotPlainJson:
        return False
    return isinstance(found, dict) and found.get("_type") == STATEMENT_TYPE


def enveloped(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """Returns a DSSE envelope with the statement `payload` and its signature; the same key gives the same bytes."""
    return _json(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode("ascii"),
            "signatures": [
                {
                    "keyid": fingerprint(key.public_key()),
                    "sig": base64.b64encode(key.sign(_encoded(payload))).decode("ascii"),
                }
            ],
        }
    )


def opened(data: bytes, key: Ed25519PublicKey | None) -> tuple[bytes, str]:
    """Returns the statement in `data`, plain or in an envelope, and the fingerprint of the key that signed it.

    key: that must have signed it; without one no signature is checked, and the fingerprint is "".

    Raises:
        SignatureWrong: the envelope cannot be read, or `key` did not sign it.
    """
    try:
        found = parse(data)
        if not (isinstance(found, dict) and "payload" in found):
            payload, signatures = data, []
        elif found.get("payloadType") == PAYLOAD_TYPE and isinstance(found.get("signatures"), list):
            payload = base64.b64decode(str(found["payload"]), validate=True)
            signatures = [
                base64.b64decode(str(row["sig"]), validate=True)
                for row in found["signatures"]
                if "sig" in row
            ]
        else:
            raise ValueError(f"expected payloadType {PAYLOAD_TYPE} and a list of signatures")
    except (ValueError, TypeError, NotPlainJson) as error:
        raise SignatureWrong(f"it cannot be read as a statement or its DSSE envelope: {error}") from error
    if key is None:
        return payload, ""
    for signature in signatures:
        try:
            key.verify(signature, _encoded(payload))
        except InvalidSignature:
            continue
        return payload, fingerprint(key)
    raise SignatureWrong(f"no signature in it is by the key that was given, {fingerprint(key)}")


def _encoded(payload: bytes) -> bytes:
    """Returns what DSSE signs of a payload: its type and itself, each with its length."""
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode("ascii")
