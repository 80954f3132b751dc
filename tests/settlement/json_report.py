#!/usr/bin/python3
"""The JSON of a report: valid by its schema, and the figures of the CSV and of the HTML page, which are
read with parsers that share nothing with the writer."""
import hashlib
import json
import pathlib
import re
import sys

import jsonschema

import csv_report
import html_report
import report

SCHEMA = json.loads((report.ROOT / "services/settlement/report.schema.json").read_text(encoding="utf-8"))
FACTS = {**html_report.FACTS, "payoutCode": "scheduled"}
AMOUNTS = {"listWon": "할인 전 금액", "sellerCouponWon": "쿠폰(판매자 부담)", "sellerPointsWon": "포인트(판매자 부담)",
           "platformCouponWon": "쿠폰(플랫폼 부담)", "platformPointsWon": "포인트(플랫폼 부담)", "grossWon": "판매금액",
           "paidWon": "결제금액", "commissionWon": "수수료", "supplyWon": "공급가액", "vatWon": "부가세",
           "netWon": "정산금액"}
KINDS = dict(zip(["SALE", "REFUND", "CANCEL", "SHIPPING", "SHIPPING_REFUND"], csv_report.KINDS))


def unique(pairs):
    assert len({name for name, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def read(text):
    document = json.loads(text, object_pairs_hook=unique, parse_float=lambda number: 1 / 0)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


def amounts(entry):
    return [entry[name] for name in AMOUNTS]


def cells(row):
    return [int(row[column]) for column in AMOUNTS.values()]


def five(entry):
    """The columns of the page's sums."""
    return [entry[name] for name in ("lines", "quantity", "grossWon", "commissionWon", "netWon")]


def numbers(row):
    return [html_report.number(cell) for cell in row[1:]]


def the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def strict(node):
        if isinstance(node, dict):
            if "properties" in node:
                assert node["additionalProperties"] is False and node["required"] == list(node["properties"])
            for value in node.values():
                strict(value)
        if isinstance(node, list):
            for value in node:
                strict(value)
        assert node != "number"
    strict(SCHEMA)


def the_schema_refuses_what_is_no_report():
    text = report.write("json", report.some_lines(20, 8), runs=1, facts=FACTS)
    for damage in (lambda d: d.update(more=1), lambda d: d.pop("csv"), lambda d: d["totals"].update(netWon=1.5),
                   lambda d: d["totals"].update(netWon="1"), lambda d: d["period"].update({"from": "2026-08-31"}),
                   lambda d: d["lines"]["listed"][0].pop("kind"), lambda d: d["csv"].update(sha256="0"),
                   lambda d: d["payout"].update(state="paid?"), lambda d: d["controls"][0].update(isEqual=False)):
        document = read(text)
        damage(document)
        try:
            jsonschema.Draft202012Validator(SCHEMA).validate(document)
        except jsonschema.ValidationError:
            continue
        raise AssertionError("the schema takes a damaged report")


def figures_are_those_of_the_csv():
    lines = report.some_lines(900, 6)
    written = report.write("csv", lines)
    document, rows = read(report.write("json", lines, facts=FACTS)), csv_report.read(written)
    sums = {row["구분"]: row for row in rows if row["주문번호"] in ("소계", "합계")}
    assert amounts(document["totals"]) == cells(sums["전체"])
    assert document["totals"]["lines"] == len(lines) == int(sums["전체"]["상품명"].removesuffix("건"))
    for entry in document["byKind"]:
        assert amounts(entry) == cells(sums[KINDS[entry["kind"]]])
    assert len(document["byKind"]) == len(sums) - 1
    by_day = {entry["day"]: entry for entry in document["byDay"]}
    of_days = {}
    for row in rows[:len(lines)]:
        day = of_days.setdefault(row["구매확정일시"][:10], [0] * len(AMOUNTS))
        day[:] = [a + b for a, b in zip(day, cells(row))]
    assert {day: amounts(entry) for day, entry in by_day.items() if entry["lines"]} == of_days
    for name, kinds in (("lines", (0, 3)), ("refunds", (1, 2, 4))):
        chosen = [row for row, line in zip(rows, lines) if line["kind"] in kinds]
        assert document[name]["count"] == len(chosen) > 200 == len(document[name]["listed"])
        for entry, row in zip(document[name]["listed"], chosen):
            assert amounts(entry) == cells(row) and KINDS[entry["kind"]] == row["구분"]
            assert entry["quantity"] == int(row["수량"]) and entry["unitPriceWon"] == int(row["단가"])
            assert f"{entry['rateBp'] / 100:.2f}" == row["수수료율(%)"]
    assert document["csv"] == {"name": FACTS["csvName"], "bytes": len(written.encode()),
                               "sha256": hashlib.sha256(written.encode()).hexdigest()}


def figures_are_those_of_the_page():
    lines = report.some_lines(400, 7) + [report.line(product=f"p{i}", list=100 + i) for i in range(60)]
    for language in ("ko", "en"):
        document = read(report.write("json", lines, facts=FACTS, language=language))
        tree = html_report.strict(report.write("html", lines, facts=FACTS, language=language))
        kinds, days, products, controls = (html_report.rows(tree, name) for name in (
            "kinds", "days", "products", "controls"))
        assert [numbers(row) for row in kinds[:-1]] == [five(entry) for entry in document["byKind"]]
        assert numbers(kinds[-1]) == five(document["totals"])
        assert [(row[0][:10], numbers(row)) for row in days[:-1]] == [
            (entry["day"], five(entry)) for entry in document["byDay"]]
        assert [numbers(row) for row in products[:-2]] == [five(entry) for entry in document["byProduct"]]
        assert numbers(products[-2]) == five(document["otherProducts"])
        assert [[html_report.number(cell) for cell in row[1:3]] for row in controls] == [
            [entry["leftWon"], entry["rightWon"]] for entry in document["controls"]]
        if language == "en":
            assert [row[0] for row in controls] == [entry["name"] for entry in document["controls"]]
        vat = html_report.rows(tree, "vat")
        sales = document["vatReturn"]["sales"]
        names = ("taxableWon", "exemptWon", "unknownWon", "totalWon")
        assert [numbers(row) for row in vat[:3]] == [[entry[name] for name in names] for entry in sales]
        assert numbers(vat[4]) == list(document["vatReturn"]["commission"].values())
        check_account(tree, document)


def check_account(tree, document):
    """The summary's account: its last three rows are the payout's."""
    shown = [["".join(cell.itertext()) for cell in row] for row in tree.findall(".//table[@class='account']/tbody/tr")]
    shown = [re.sub("원| KRW", "", row[1]) for row in shown]
    balance = document["payout"]["balance"]
    for won in (document["totals"]["netWon"], balance["carriedInWon"], balance["payableWon"]):
        assert any(re.fullmatch(r"−?[\d,]+", cell) and html_report.number(cell) == won for cell in shown), won
    assert balance["netWon"] + balance["carriedInWon"] == balance["payableWon"] + balance["carriedOutWon"]
    assert balance["netWon"] == document["totals"]["netWon"]


def hostile_texts_are_valid_json():
    lines = [report.line(orderId=text or "a", product=text, category=text, settledAt=report.FIRST_MS + i)
             for i, text in enumerate(report.HOSTILE)]
    document = read(report.write("json", lines, facts=FACTS))
    for entry, text in zip(document["lines"]["listed"], report.HOSTILE):
        cut = text if len(text) <= 120 else text[:120] + "…"
        assert entry["productName"] == cut and entry["category"] == (cut or None), (entry, text)
    for text in report.HOSTILE:
        if text:
            facts = {name: text if isinstance(value, str) else value for name, value in FACTS.items()}
            facts["payoutCode"] = "held"
            assert read(report.write("json", [report.line()], runs=1, facts=facts))["seller"]["name"][0] == text[0]


def the_largest_report_fits():
    """Every text as long and as wide as it can be, every table full."""
    lines = [report.line(orderId="\x01" * 119 + "a", product="\x01" * 120 + str(i), category="\x01" * 120,
                         kind=kind, list=list_won, price=10**12, quantity=1 if kind == 0 else -1, sellerCoupon=0)
             for kind, list_won in ((0, 10**12), (2, -10**12)) for i in range(300)]
    facts = {**FACTS, **{name: "\x01" * 500 for name, value in FACTS.items() if isinstance(value, str)},
             "payoutCode": "failed"}
    text = report.write("json", lines, runs=1, facts=facts, period="2026-01-01..2026-12-31")
    document = read(text)
    assert len(document["byDay"]) == 365 and len(document["refunds"]["listed"]) == 200
    print(f"# {len(text.encode())} bytes", file=sys.stderr)


def bounds_of_periods_are_utc():
    for name, bounds in (("2026-09", ("2026-08-31T15:00:00.000Z", "2026-09-30T15:00:00.000Z")),
                         ("2026-09-01", ("2026-08-31T15:00:00.000Z", "2026-09-01T15:00:00.000Z")),
                         ("2026-W36", ("2026-08-30T15:00:00.000Z", "2026-09-06T15:00:00.000Z"))):
        period = read(report.write("json", [], facts=FACTS, period=name))["period"]
        assert (period["from"], period["to"]) == bounds and period["name"] == name


if __name__ == "__main__":
    assert pathlib.Path(report.PROGRAM).exists()
    sys.exit(report.main([
        the_schema_is_one, the_schema_refuses_what_is_no_report, figures_are_those_of_the_csv,
        figures_are_those_of_the_page, hostile_texts_are_valid_json, the_largest_report_fits,
        bounds_of_periods_are_utc]))
