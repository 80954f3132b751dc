"""What the scripts of this folder share: lines of reports, running write_report, reporting in TAP."""
import json
import os
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("BUILD", "build/release") / "tests/settlement/write_report"
FIRST_MS = 1788188400000  # 2026-09-01 00:00 KST
DAY_MS = 86400000
HOSTILE = [
    "=1+1", "+1+1", "-1+1", "@SUM(1+1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"https://x.example\",\"a\")",
    "=IMPORTXML(\"https://x.example\",\"//a\")", "\t=1+1", "\r=1+1", "\n=1+1", "\x01=1", "\x7f=1", " =1+1",
    "\u00a0=1+1", "\u3000@A1", "\ufeff=1", "\u200b+1", "＝1+1", "＋1", "－1", "＠A1", "'=1+1", "''", "'", "\"=1+1",
    "\"", "\"\"", "a\"b\",\"c", "a,b", "a;b;=1", "a\tb", "a\r\nb", "a\nb\r", "\",=1+1,\"", "a\",=1+1", "",
    " ", "20260901000123", "007", "1e5", "1.5E+3", "12345678901E12", "2026-09-01", "9/1", "12:30", "3-1", "10%", "1,234",
    "1.", ".5", "1984년", "20260901-0001234", "<script>alert(1)</script>", "</td></tr></table>",
    "<img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)", "' onmouseover='x", "--><script>", "<!--",
    "]]>", "</style><script>", "</title>", "&lt;b&gt;", "&amp;", "&", "\u202egpj.exe", "\u2066a\u2069",
    "a\u2028b\u0085c", "\ufffe\uffff\ufdd0", "😀👩‍👩‍👧‍👦🇰🇷", "e" + "\u0301" * 30, "한글 '따옴표' \"쌍\"",
    "x" * 119, "가" * 120, "가" * 121, "😀" * 130, "긴" * 5000, "\"" * 5000, "=" * 300,
]


def line(**given):
    return {"orderId": "ORD-1", "product": "사과", "category": "food", "kind": 0, "tax": 1, "payment": 0,
            "orderedAt": FIRST_MS, "settledAt": FIRST_MS, "quantity": 1, "price": 1000, "rate": 500,
            "list": 1000, **given}


def some_lines(count, seed):
    """Lines of September 2026 of every kind, with discounts and hostile texts."""
    chance = random.Random(seed)
    lines = []
    for _ in range(count):
        kind = chance.choice([0, 0, 0, 1, 2, 3, 4])
        sign = -1 if kind in (1, 2, 4) else 1
        price, quantity = chance.randrange(1, 100000), chance.randrange(1, 9)
        listed = price * quantity
        discounts = {}
        for name in ("sellerCoupon", "sellerPoints", "platformCoupon", "platformPoints"):
            discounts[name] = sign * chance.randrange(listed // 4 + 1)
        lines.append(line(
            orderId=chance.choice(HOSTILE + ["ORD-2", "202609010001"]), product=chance.choice(HOSTILE),
            category=chance.choice(HOSTILE), kind=kind, tax=chance.randrange(3), payment=chance.randrange(3),
            orderedAt=FIRST_MS - chance.randrange(30 * DAY_MS), settledAt=FIRST_MS + chance.randrange(30 * DAY_MS),
            quantity=sign * quantity, price=price, rate=chance.choice([0, 1, 350, 500, 1234, 10000]),
            list=sign * listed, **discounts))
    return lines


def write(form, lines, runs=2, **other):
    """The report as text; it is the same in every run."""
    document = json.dumps({"period": "2026-09", "lines": lines, **other}).encode()
    outputs = []
    for _ in range(runs):
        done = subprocess.run([str(PROGRAM), form], input=document, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, done.stderr.decode()
        outputs.append(done.stdout)
    assert len(set(outputs)) == 1, "a second run differs"
    return outputs[0].decode("utf-8")


def main(tests):
    """Runs functions, each a test by its name; ends the process."""
    failed = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}")
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            print(f"# {type(error).__name__}: {error}"[:2000], file=sys.stderr)
    return 1 if failed else 0
