"""Signatures computed by Python's hmac, and by ed25519.py for v1a: an independent reference for tests/services/
test_webhook_secrets.c. Usage: signatures.py SEED COUNT. Each line, tab-separated:

    scheme  secret-text  body-hex  id  time  signature-header  expected (ok or no)  now-s
"""
import base64
import binascii
import hashlib
import hmac
import random
import sys

import ed25519


def mac(key, content):
    return hmac.new(key, content, hashlib.sha256).digest()


def b64(data):
    return base64.b64encode(data).decode()


def damage(rng, data):
    """One bit of the content changed, a byte more or a byte less."""
    kind = rng.randrange(3) if data else 1
    if kind == 0:
        at = rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1:]
    return data + b"\0" if kind == 1 else data[:-1]


def line(rng, index):
    scheme = ("platform", "standard", "toss")[index % 3]
    body = rng.randbytes(rng.choice((0, 1, 55, 56, 63, 64, 65, rng.randrange(3000))))
    foreign = b64(rng.randbytes(32))
    now = rng.randrange(1, 4_000_000_000)
    identity, time, expected = "-", "-", "ok"
    signed = body
    if rng.random() < 0.4:
        signed, expected = damage(rng, body), "no"
    if scheme == "platform":
        secret = "".join(rng.choice("abcXYZ019!~/+=") for _ in range(rng.randrange(1, 257)))
        header = mac(secret.encode(), signed).hex()
    elif scheme == "standard":
        is_public = rng.random() < 0.25
        key = rng.randbytes(32 if is_public else rng.randrange(24, 65))
        secret = "whpk_" + b64(ed25519.public_key(key)) if is_public else "whsec_" + b64(key)
        identity = "msg_" + "".join(rng.choice("aZ9-_") for _ in range(rng.randrange(0, 125)))
        away = rng.choice((0, 1, 299, 300, 301, 302, 10000)) * rng.choice((1, -1))
        if now + away <= 0:
            away = 0
        time = str(now + away)
        if abs(away) > 300:
            expected = "no"
        content = b"%s.%s.%s" % (identity.encode(), time.encode(), signed)
        if is_public:
            signature = ed25519.sign(key, content)
            entries = ["v1a," + b64(signature)] + ["v1a," + b64(signature[::-1])] * rng.randrange(2)
        else:
            entries = ["v1," + b64(mac(key, content))] + ["v1a,x"] * rng.randrange(2)
        entries += ["v1," + foreign] * rng.randrange(3)
        rng.shuffle(entries)
        header = " ".join(entries)
    else:
        raw = rng.randbytes(32)
        secret = raw.hex()
        time = "2024-09-05T12:19:%02d+09:00" % rng.randrange(60)
        key = raw if rng.random() < 0.5 else secret.encode()
        entry = b64(mac(key, signed + b":" + time.encode()))
        entries = [entry] + [foreign] * rng.randrange(2)
        rng.shuffle(entries)
        header = "v1:" + rng.choice((",", ",v1:")).join(entries)
    return "\t".join((scheme, secret, binascii.hexlify(body).decode() or "-", identity, time,
                      header, expected, str(now)))


def main():
    rng = random.Random(int(sys.argv[1]))
    for index in range(int(sys.argv[2])):
        print(line(rng, index))


if __name__ == "__main__":
    main()
