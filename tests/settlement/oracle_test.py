#!/usr/bin/python3
"""Settlements of random platforms, compared to the won with an independent computation (oracle.py) over the same tables.

oracle_test.py [--all] [--orders N] [--sellers N] [--seed N] [--platform NAME]...   default: 1,000 orders of 4 sellers in three platforms

A MariaDB server with the platform's tables (random_platform.py) and views, read_totals, and every figure of each week and
month, by several rules, and of each day of some sellers (--all: of all sellers).
"""
import argparse
import collections
import datetime
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
from decimal import Decimal

import oracle
import oracle_tables
import report
from oracle import Event, Item, Order, Rules

ROOT = report.ROOT
BUILD = ROOT / os.environ.get("BUILD", "build/release")
PROGRAM = BUILD / "tests/settlement/read_totals"
PASSWORD = "a password of the tests"
VIEWS = {
    "snake_case": "services/settlement/sql/platforms/snake_case",
    "camel_case": "services/settlement/sql/platforms/camel_case",
    "invented": "tests/services/platforms/invented/mapping",
}
# For each week and month, the first for days as well.
RULES = [Rules(), Rules("half-even", "half-up", False, "paid", "7.77", "3.30"), Rules("down", "half-even", True, "list", "12.50", "10.00")]
# For the month with most lines.
ALL_RULES = [Rules(*given, "5.00", "2.75") for given in itertools.product(
    oracle.ROUNDINGS, oracle.ROUNDINGS, (True, False), ("gross", "list", "paid"))]
# From so many on there are 40 sellers, and all is compared.
MANY_ORDERS = 10000


# ---------------------------------------------------------------------------- the oracle by hand

def figures(lines, rules):
    return [[*(a - b for a, b in zip(line.after, line.before)), *rules.of(line)] for line in lines]


def some_order(prices, at="2026-09-01 00:00:00", shipping=0):
    items = [Item(str(i + 1), "7", price, 1, "taxable", Decimal("5.50")) for i, price in enumerate(prices)]
    fee = Item("shipping", "7", shipping, 1, "taxable", None, True) if shipping else None
    return Order("O", datetime.datetime.fromisoformat(at), "card", items, fee)


def the_examples_of_the_readme_hold():
    order = some_order([30000])
    order.products[0].sold = (30000, 2000, 0, 3000, 1000)
    order.events = [Event("1", order.at, order.products[0], 8000), Event("2", order.at, None, None)]
    assert figures(oracle.lines_of(order), Rules()) == [
        [30000, 2000, 0, 3000, 1000, 1540, 1400, 140], [-10001, -667, 0, -1000, -334, -513, -466, -47],
        [-19999, -1333, 0, -2000, -666, -1027, -934, -93]]
    assert Rules(is_included=False).charge(10100, Decimal("5.00")) == (555, 505, 50)
    assert [Rules(fee).charge(10, Decimal("5.00"))[0] for fee in ("half-up", "half-even", "down")] == [1, 0, 0]
    assert [Rules(fee).charge(30, Decimal("5.00"))[0] for fee in ("half-up", "half-even", "down")] == [2, 2, 1]


def discounts_and_refunds_are_shared():
    # 1,000 over 100 : 200 : 700 thirds: 333.3, 666.6 and 1,000 of 3 x 333.
    order = some_order([3333, 3333, 3334], shipping=3000)
    order.discount(1000, True, 100)
    assert [item.sold for item in order.products] == [
        (3333, 333, 0, 0, 33), (3333, 333, 0, 0, 33), (3334, 334, 0, 0, 34)], [item.sold for item in order.products]
    # The buyer paid 2,967 + 2,967 + 2,966 and 3,000: a refund of 9,000 takes 100 of the fee.
    order.events = [Event("1", order.at, None, 9000), Event("2", order.at, None, 2900)]
    lines = list(oracle.lines_of(order))
    assert [line.kind for line in lines] == [oracle.SALE] * 3 + [oracle.SHIPPING] + [oracle.REFUND] * 3 + [oracle.SHIPPING_REFUND] * 2
    assert [line.after for line in lines[4:]] == [oracle.NOTHING] * 3 + [(2900, 0, 0, 0, 0), oracle.NOTHING]


def events_are_taken_by_time_and_id():
    order = some_order([100])
    order.discount(0, True, 0)
    early, late = order.at - datetime.timedelta(days=1), order.at + datetime.timedelta(seconds=1)
    order.events = [Event("3", late, None, 1), Event("10", early, None, 2), Event("9", early, None, 4)]
    assert [line.after[0] for line in oracle.lines_of(order)] == [100, 96, 94, 93]


def days_weeks_and_months_are_those_of_kst():
    def first(name, text):
        return str(oracle.PERIODS[name](oracle.day_of(datetime.datetime.fromisoformat(text))))
    assert first("daily", "2020-02-28 14:59:59.999") == "2020-02-28" and first("daily", "2020-02-28 15:00:00") == "2020-02-29"
    assert first("monthly", "2020-02-29 14:59:59") == "2020-02-01" and first("monthly", "2020-02-29 15:00:00") == "2020-03-01"
    assert first("weekly", "2020-01-01 00:00:00") == "2019-12-30" and first("weekly", "2020-01-05 15:00:00") == "2020-01-06"


# ---------------------------------------------------------------------------- the platforms

class Database:
    def __init__(self):
        # Its temporary tables too: servers in containers that share /tmp remove each other's there.
        self.temporary = tempfile.TemporaryDirectory(prefix="oracle-")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(ROOT / "tests/services/db_server.py")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": self.temporary.name}, text=True)
        self.port = self.process.stdout.readline().split()[1]
        self.folder = self.tell("folder")
        self.rows = oracle_tables.rows_by(self.client())

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def client(self, *arguments):
        return ["mariadb", "--no-defaults", f"--socket={self.folder}/socket", "--user=root", "--default-character-set=utf8mb4",
                "--database=shop", *arguments]

    def run(self, text):
        subprocess.run(self.client(), input=text.encode(), stdout=subprocess.DEVNULL, check=True)

    def load(self, platform, options):
        assert self.tell("sql SET GLOBAL innodb_buffer_pool_size = 256 << 20") == ""
        assert self.tell("sql DROP DATABASE IF EXISTS shop") == "" == self.tell("sql CREATE DATABASE shop CHARACTER SET utf8mb4")
        self.run((ROOT / f"tests/services/platforms/{platform}/schema.sql").read_text("utf-8"))
        made = subprocess.Popen(
            ["/usr/bin/python3", str(ROOT / "tests/settlement/random_platform.py"), f"--platform={platform}",
             f"--orders={options.orders}", f"--sellers={options.sellers}", f"--seed={options.seed}"], stdout=subprocess.PIPE)
        subprocess.run(self.client(), stdin=made.stdout, check=True)
        assert made.wait() == 0
        files = sorted((ROOT / VIEWS[platform]).glob("*_settlement_*.sql"))
        assert len(files) == 4, files
        self.run(";\n".join(file.read_text("utf-8") for file in files) + ";\nANALYZE TABLE " + ", ".join(
            f"`{row[0]}`" for row in self.rows("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")) + ";\n")
        self.run(f"DROP USER IF EXISTS reader; CREATE USER reader IDENTIFIED BY '{PASSWORD}' REQUIRE SSL; "
                 "GRANT SELECT ON shop.* TO reader; FLUSH PRIVILEGES;")

    def read(self, jobs):
        """The totals of each job (rules, period, seller) as documents, and what it took."""
        text = "".join(f"{rules.text()} {period} {seller}\n" for rules, period, seller in jobs)
        done = subprocess.run([str(PROGRAM), "localhost", self.port, "reader", "shop", f"{self.folder}/ca.pem"], input=text.encode(),
                              stdout=subprocess.PIPE, env={**os.environ, "DB_PASSWORD": PASSWORD}, check=True)
        *documents, counts = (report.json.loads(line) for line in done.stdout.splitlines())
        assert len(documents) == len(jobs)
        return documents, counts

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.temporary.cleanup()


def period_name(kind, first):
    if kind == "monthly":
        return f"{first:%Y-%m}"
    return f"{first:%G-W%V}" if kind == "weekly" else str(first)


def differences(jobs, documents, expected):
    """What is not as the oracle has it, in words."""
    found = []
    for (rules, key), document in zip(jobs, documents):
        wanted = expected[rules].get(key, oracle.EMPTY)
        if any(document.get(name) != wanted[name] for name in wanted):
            where = f"{rules.text()}, {key[0]} {key[1]} of seller {key[2]}"
            found.append(f"{where}: {difference(document, wanted)}")
    return found


def difference(document, wanted):
    if "error" in document:
        return document["error"]
    for kind, got, due in zip(oracle.KINDS, document["kinds"], wanted["kinds"]):
        for name, a, b in zip(oracle.FIGURES, got, due):
            if a != b:
                return f"{name} of {kind} is {a}, not {b}"
    return ", ".join(f"{name} is {document[name]}, not {wanted[name]}" for name in wanted if document[name] != wanted[name])


def added(documents):
    """The sum of totals."""
    def add(values):
        return [add(parts) for parts in zip(*values)] if isinstance(values[0], list) else sum(values)
    return {name: add([document[name] for document in documents]) for name in oracle.EMPTY}


def check_sums(found):
    """Days are added to weeks and to months, as the program itself gives them."""
    by_key = dict(found)
    for name in ("weekly", "monthly"):
        days = collections.defaultdict(list)
        for (kind, first, seller), document in by_key.items():
            if kind == "daily":
                days[oracle.PERIODS[name](first), seller].append(document)
        for (first, seller), parts in days.items():
            whole = by_key[name, first, seller]
            assert added(parts) == {field: whole[field] for field in oracle.EMPTY}, (name, first, seller)


def all_keys(lines, sellers, names):
    """Each seller in every period that has a line of any seller, and one before and one after them."""
    days = {oracle.day_of(line.at) for line in lines}
    first, last = min(days) - datetime.timedelta(days=1), max(days) + datetime.timedelta(days=1)
    days = [first + datetime.timedelta(days=i) for i in range((last - first).days + 1)]
    return [(name, start, seller) for name in names for start in sorted({oracle.PERIODS[name](day) for day in days}) for seller in sellers]


def most_of(lines):
    """The month with most lines."""
    return collections.Counter(oracle.PERIODS["monthly"](oracle.day_of(line.at)) for line in lines).most_common(1)[0][0]


def check_data(platform, lines, expected):
    """The platform is one on which a fault shows: every kind of line, and no two rules with the same figures."""
    missing = {"snake_case": (), "camel_case": (oracle.CANCEL,), "invented": (oracle.CANCEL, oracle.SHIPPING, oracle.SHIPPING_REFUND)}
    assert {line.kind for line in lines} == set(range(len(oracle.KINDS))) - set(missing[platform])
    alike = collections.defaultdict(set)
    for rules, documents in expected.items():
        # An eleventh has no halves: with VAT included both of these roundings are one.
        vat = rules.vat.replace("half-even", "half-up") if rules.is_included else rules.vat
        # Without discounts every basis is the list amount.
        basis = rules.basis if platform != "invented" else "list"
        alike[str(sorted((str(key), value) for key, value in documents.items()))].add((rules.fee, vat, rules.is_included, basis))
    assert all(len(texts) == 1 for texts in alike.values()), [texts for texts in alike.values() if len(texts) > 1]


def jobs_of(lines, sellers, every, is_all):
    """(rules, key) of all totals that are compared."""
    for rules in RULES:
        is_first = rules is RULES[0]
        # Days take most of the time: with the other rules some sellers'.
        of_days = (sellers if is_first else sellers[::10]) if is_all else sellers[:1] if is_first else []
        yield from ((rules, key) for key in all_keys(lines, of_days, ["daily"]))
        yield from ((rules, key) for key in all_keys(lines, sellers, ["weekly", "monthly"] if is_first or is_all else ["monthly"]))
    month = most_of(lines)
    yield from ((rules, ("monthly", month, seller)) for rules in every for seller in (sellers if is_all else sellers[:2]))


def compare(database, platform, options):
    database.load(platform, options)
    lines = list(oracle.all_lines(oracle_tables.read(database.rows, platform)))
    sellers = sorted(oracle_tables.sellers(database.rows, platform), key=lambda name: (len(name), name))
    every = ALL_RULES if options.all or platform == "snake_case" else ALL_RULES[options.seed % 5::5]
    jobs = list(jobs_of(lines, sellers, every, options.all))
    expected = {rules: oracle.settle(lines, rules, oracle.PERIODS) for rules in RULES}
    month = most_of(lines)
    in_month = [line for line in lines if oracle.PERIODS["monthly"](oracle.day_of(line.at)) == month]
    expected.update((rules, oracle.settle(in_month, rules, ["monthly"])) for rules in every)
    documents, counts = database.read([(rules, period_name(*key[:2]), key[2]) for rules, key in jobs])
    report_counts(platform, documents, counts)
    check(differences(jobs, documents, expected))
    for rules in RULES[:None if options.all else 1]:
        check_sums([(key, document) for (used, key), document in zip(jobs, documents) if used is rules])
    check_data(platform, lines, {rules: expected[rules] for rules in every})


def report_counts(platform, documents, counts):
    lines = sum(document.get("lines", 0) for document in documents)
    print(f"# {platform}: {len(documents)} reports, {lines} lines, {sum(one['ms'] for one in documents):.0f} ms, "
          f"{counts['statements']} statements, peak {counts['peakKib']} KiB", flush=True)


def check(found):
    assert not found, f"{len(found)} totals differ:\n" + "\n".join(found[:10])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=int(os.environ.get("TEST_ORDERS", "1000")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TEST_SEED", "1")))
    parser.add_argument("--sellers", type=int)
    parser.add_argument("--platform", action="append", choices=sorted(VIEWS))
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    options.all |= options.orders >= MANY_ORDERS
    options.sellers = options.sellers or (40 if options.all else 4)
    database = Database()

    def test_of(platform):
        def test():
            compare(database, platform, options)
        test.__name__ = f"{platform}_is_settled_to_the_won"
        return test

    try:
        return report.main([
            the_examples_of_the_readme_hold, discounts_and_refunds_are_shared, events_are_taken_by_time_and_id,
            days_weeks_and_months_are_those_of_kst, *(test_of(platform) for platform in options.platform or VIEWS)])
    finally:
        database.stop()


if __name__ == "__main__":
    sys.exit(main())
