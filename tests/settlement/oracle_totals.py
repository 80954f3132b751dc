#!/usr/bin/python3
"""The independent computation of a platform's settlements, for tests that are not in Python.

Usage: oracle_totals.py PLATFORM RULES TYPES MARIADB...

RULES as settle_rules_text has them, after the version ("half-up down included gross 500 0"); TYPES of daily,weekly,monthly;
MARIADB: the client's command line, with the database. Prints a line of JSON for each period and seller that has a line:
{"type":"monthly","first":"2026-09-01","seller":"42","all":[...],"kinds":[[...],...],"sales":[[...],...],"lines":2,"orders":1}
"""
import json
import sys
from decimal import Decimal

import oracle
import oracle_tables


def rules_of(text):
    fee, vat, included, basis, default, shipping = text.split()
    return oracle.Rules(fee, vat, {"included": True, "excluded": False}[included], basis, Decimal(default) / 100, Decimal(shipping) / 100)


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    platform, rules, types, *client = sys.argv[1:]
    lines = oracle.all_lines(oracle_tables.read(oracle_tables.rows_by(client), platform))
    for (kind, first, seller), document in oracle.settle(list(lines), rules_of(rules), types.split(",")).items():
        print(json.dumps({"type": kind, "first": str(first), "seller": seller, **document}, separators=(",", ":")))


if __name__ == "__main__":
    main()
