# ruff: noqa: INP001 - a folder of pages, and no package.
"""Cases of keys, notes, checkpoints and cosignatures."""

import hashlib
from collections.abc import Iterator

from cases import (
    AT,
    BY_LOG,
    BY_OTHER,
    BY_WITNESS,
    HEAD,
    LOG,
    LOG_KEY,
    LOG_NAME,
    STRANGER,
    TEXT,
    WITNESS,
    WITNESS_KEY,
    WITNESS_NAME,
    Case,
    Json,
    base64,
    flipped,
    not_canonical,
    note,
)

from answerable import tlog

MALFORMED, INVALID, MISSING = "note_malformed", "signature_invalid", "signature_missing"
ORDER = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)


def vkey(name: str, kind: int, public: bytes) -> str:
    """A verifier key of any kind, its identifier calculated as the standard recommends."""
    key_id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).hexdigest()[:8]
    return f"{name}+{key_id}+{base64(bytes([kind]) + public)}"


def key_cases() -> Iterator[Case]:
    """Keys."""
    for name, key in (("a log", LOG_KEY), ("a witness", WITNESS_KEY)):
        gives: Json = {
            "name": key.name, "kind": int(key.algorithm), "id": key.key_id.hex(), "public": key.public.hex(),
        }  # fmt: skip
        yield Case(name=f"the key of {name}", operation="key", given={"key": str(key)}, gives=gives)
    good, public = str(LOG_KEY), LOG_KEY.public
    name, key_id, material = good.split("+", 2)
    malformed = {
        "nothing": "",
        "no identifier": f"{name}+{material}",
        "an identifier in capitals": f"{name}+{'204E3931'}+{material}",
        "an identifier of seven digits": f"{name}+{key_id[1:]}+{material}",
        "the identifier of another key": f"{name}+00000000+{material}",
        "no name": f"+{key_id}+{material}",
        "a name with a space": vkey("log example", 1, public),
        "a name with a no-break space": vkey("log\u00a0example", 1, public),
        "a name with a tab": vkey("log\texample", 1, public),
        "a space at the end": good + " ",
        "base64 without padding": f"{name}+{key_id}+{base64(bytes([1]) + public + b'0').rstrip('=')}",
        "base64 that is not canonical": f"{name}+{key_id}+{not_canonical(base64(bytes([1]) + public + b'0'))}",
        "no key": f"{name}+{key_id}+",
        "a public key of 31 bytes": vkey(name, 1, public[1:]),
        "a public key of 33 bytes": vkey(name, 1, public + b"0"),
        "a point in another encoding": vkey(name, 1, (2**255 - 19 + 3).to_bytes(32, "little")),
        "not a point of the curve": vkey(name, 1, (2).to_bytes(32, "little")),
    } | {
        f"a point of small order, {one[:4]}…{one[-2:]}": vkey(name, 1, bytes.fromhex(one))
        for one in SMALL_ORDER
    }
    for case, key in malformed.items():
        yield Case(name=case, operation="key", given={"key": key}, finding="key_malformed")
    for kind in (0x02, 0x05, 0xFF):
        given = {"key": vkey(name, kind, public)}
        yield Case(name=f"a key of kind {kind}", operation="key", given=given, finding="key_unsupported")


def checkpoint_cases() -> Iterator[Case]:
    """Texts of checkpoints."""
    origin, size, root = TEXT.decode().splitlines()
    good = {
        "a checkpoint": TEXT.decode(),
        "a checkpoint with extension lines": TEXT.decode() + "extension one\nextension two\n",
        "an origin with spaces": TEXT.decode().replace(origin, "a log + more"),
        "an empty log": f"{origin}\n0\n{base64(tlog.EMPTY_ROOT)}\n",
        "the largest size": f"{origin}\n9223372036854775807\n{root}\n",
    }
    for name, text in good.items():
        head = tlog.parse_checkpoint(text.encode())
        gives: Json = {
            "origin": head.origin, "size": head.size, "root": head.root.hex(), "extensions": [*head.extensions],
        }  # fmt: skip
        yield Case(name=name, operation="checkpoint", given={"text": text}, gives=gives)
    long = base64(bytes(33))
    bad = {
        "no text": "",
        "two lines": f"{origin}\n{size}\n",
        "an empty origin": f"\n{size}\n{root}\n",
        "a size with a leading zero": f"{origin}\n05\n{root}\n",
        "a size with a sign": f"{origin}\n+5\n{root}\n",
        "a negative size": f"{origin}\n-5\n{root}\n",
        "a size with a space before it": f"{origin}\n 5\n{root}\n",
        "a size in Arabic digits": f"{origin}\n\u0665\n{root}\n",
        "a size beyond 2^63-1": f"{origin}\n9223372036854775808\n{root}\n",
        "a size of a thousand digits": f"{origin}\n{'9' * 1000}\n{root}\n",
        "an empty log with a root of something": f"{origin}\n0\n{root}\n",
        "a root of 33 bytes": f"{origin}\n{size}\n{long}\n",
        "a root in hexadecimal": f"{origin}\n{size}\n{HEAD.root.hex()}\n",
        "a root whose base64 is not canonical": f"{origin}\n{size}\n{not_canonical(root)}\n",
        "a root in the alphabet of addresses": f"{origin}\n{size}\n{base64(b'?>' * 16).replace('/', '_')}\n",
        "a root with a space after it": f"{origin}\n{size}\n{root} \n",
        "an empty extension line": TEXT.decode() + "\n",
        "no end of the last line": TEXT.decode().rstrip("\n"),
        "ends of lines of another kind": TEXT.decode().replace("\n", "\r\n"),
    }
    for name, text in bad.items():
        yield Case(name=name, operation="checkpoint", given={"text": text}, finding="checkpoint_malformed")


def note_cases() -> Iterator[Case]:
    """Signed notes."""
    keys = [LOG_KEY, WITNESS_KEY]
    later = tlog.cosign(HEAD, WITNESS_NAME, WITNESS, at=AT + 60)
    unknown = tlog.sign(TEXT, "stranger.example", STRANGER)
    same_name = tlog.sign(TEXT, LOG_NAME, STRANGER)
    same_id = tlog.Signature(name="other.example", key_id=BY_LOG.key_id, payload=bytes(64))
    poem = b"A first line,\n\nand one after an empty line.\n"
    good = {
        "signed by the log": note(BY_LOG),
        "cosigned": note(BY_LOG, BY_WITNESS),
        "a cosignature alone": note(BY_WITNESS),
        "an unknown signer beside a known one": note(unknown, BY_LOG),
        "an unknown key of a known name": note(same_name, BY_LOG),
        "an unknown name with a known identifier": note(same_id, BY_LOG),
        "two cosignatures of one witness": note(later, BY_WITNESS),
        "a text with an empty line": note(tlog.sign(poem, LOG_NAME, LOG), text=poem),
        "sixteen signatures": note(*(_stranger(at) for at in range(15)), BY_LOG),
    }
    for name, text in good.items():
        signers = tlog.verify_note(tlog.parse_note(text.encode()), keys)
        gives: Json = {"signers": [{"key": str(one.key), "time": one.at} for one in signers]}
        given: Json = {"note": text, "keys": [*map(str, keys)]}
        yield Case(name=name, operation="note", given=given, gives=gives)
    for finding, texts in _refused_notes(unknown, same_name).items():
        for name, text in texts.items():
            form = {"note": text} if isinstance(text, str) else {"note_hex": text.hex()}
            given = {**form, "keys": [*map(str, keys)]}
            yield Case(name=name, operation="note", given=given, finding=finding)


def _stranger(at: int) -> tlog.Signature:
    return tlog.Signature(name=f"stranger{at}.example", key_id=b"name", payload=b"payload")


def _refused_notes(unknown: tlog.Signature, same_name: tlog.Signature) -> dict[str, dict[str, str | bytes]]:
    good = note(BY_LOG)
    line = BY_LOG.line()
    head = TEXT.decode() + "\n"
    name, encoded = line.removeprefix("\u2014 ").rstrip("\n").split(" ")
    malformed: dict[str, str | bytes] = {
        "nothing": "",
        "no signatures": TEXT.decode(),
        "an empty line and no signatures": head,
        "no empty line": TEXT.decode() + line,
        "no end of the last line": good.rstrip("\n"),
        "an empty line at the end": good + "\n",
        "carriage returns": good.replace("\n", "\r\n"),
        "a carriage return in the text": good.replace("kat\n5", "kat\r\n5"),
        "a tab in the text": good.replace("kat", "k\tt"),
        "a null byte": good.replace("kat", "k\0t"),
        "not UTF-8": good.encode().replace(b"kat", b"k\xfft"),
        "a surrogate": good.encode().replace(b"kat", b"\xed\xa0\x80"),
        "a hyphen for the dash": head + line.replace("\u2014", "-"),
        "two spaces after the dash": head + line.replace("\u2014 ", "\u2014  "),
        "a space at the end of a signature": head + line.replace("\n", " \n"),
        "a name with a plus": head + line.replace(name, "log+example"),
        "a name with a no-break space": head + line.replace(name, "log\u00a0example"),
        "no name": head + f"\u2014  {encoded}\n",
        "malformed base64": head + f"\u2014 {name} !{encoded[1:]}\n",
        "base64 without padding": head + f"\u2014 {name} {encoded.rstrip('=')}\n",
        "base64 that is not canonical": head + f"\u2014 {name} {not_canonical(encoded)}\n",
        "base64 with more after its end": head + f"\u2014 {name} {encoded}AAAA\n",
        "an identifier and no signature": head + f"\u2014 {name} {base64(BY_LOG.key_id)}\n",
        "the same line twice": head + line + line,
        "malformed base64 of an unknown signer": head + "\u2014 stranger.example *\n" + line,
    }
    return {MALFORMED: malformed, **_distrusted_notes(unknown, same_name)}


def _distrusted_notes(
    unknown: tlog.Signature, same_name: tlog.Signature
) -> dict[str, dict[str, str | bytes]]:
    def cut(signature: tlog.Signature, **change: bytes) -> tlog.Signature:
        fields = {"key_id": signature.key_id, "payload": signature.payload, **change}
        return tlog.Signature(name=signature.name, **fields)

    of_log, of_witness = BY_LOG.payload, BY_WITNESS.payload
    scalar = int.from_bytes(of_log[32:], "little") + ORDER
    headless = WITNESS.sign(TEXT)
    invalid: dict[str, str | bytes] = {
        "a flipped bit": note(flipped(BY_LOG)),
        "a flipped bit beside a good signature": note(BY_LOG, flipped(BY_WITNESS)),
        "a flipped bit before a good signature": note(flipped(BY_LOG), BY_WITNESS),
        "a good and a bad signature of one key": note(BY_LOG, flipped(BY_LOG)),
        "a changed text": note(BY_LOG).replace("\n5\n", "\n6\n"),
        "a signature of 63 bytes": note(cut(BY_LOG, payload=of_log[:-1])),
        "a signature of 65 bytes": note(cut(BY_LOG, payload=of_log + b"0")),
        "a scalar that is too large": note(cut(BY_LOG, payload=of_log[:32] + scalar.to_bytes(32, "little"))),
        "another time in a cosignature": note(BY_LOG, flipped(BY_WITNESS, at=7)),
        "a cosignature without a time": note(BY_LOG, cut(BY_WITNESS, payload=of_witness[8:])),
        "a cosignature whose header line was not signed": note(
            BY_LOG, cut(BY_WITNESS, payload=of_witness[:8] + headless)
        ),
        "a time beyond 2^63-1": note(BY_LOG, tlog.cosign(HEAD, WITNESS_NAME, WITNESS, at=2**63)),
        "a log's signature as cosignature": note(cut(BY_LOG, key_id=BY_LOG.key_id, payload=of_witness)),
    }
    missing: dict[str, str | bytes] = {
        "an unknown signer only": note(unknown),
        "an unknown key of a known name only": note(same_name),
        "another witness only": note(BY_OTHER),
    }
    text = b"not a checkpoint\n"
    payload = (1).to_bytes(8, "big") + WITNESS.sign(b"cosignature/v1\ntime 1\n" + text)
    strange = note(cut(BY_WITNESS, payload=payload), text=text)
    return {
        INVALID: invalid,
        MISSING: missing,
        "checkpoint_malformed": {"a cosigned text of another kind": strange},
    }
