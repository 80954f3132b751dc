#!/usr/bin/python3
"""The CSV of a report, read with Python's own parser, which shares nothing with the writer."""
import csv
import datetime
import io
import re
import sys

import report

COLUMNS = "주문번호,주문일시,상품명,수량,단가,판매금액,수수료율(%),수수료,정산금액".split(",")
KINDS = ["판매", "환불", "취소", "배송비", "배송비 환불"]
TAXES = ["미구분", "과세", "면세"]
PAYMENTS = ["카드", "현금영수증", "기타"]
NUMBERS = ["수량", "단가", "판매금액", "수수료율(%)", "수수료", "정산금액", "공급가액", "부가세", "할인 전 금액",
           "쿠폰(판매자 부담)", "포인트(판매자 부담)", "쿠폰(플랫폼 부담)", "포인트(플랫폼 부담)", "결제금액"]
TEXTS = {"주문번호": "orderId", "상품명": "product", "카테고리": "category"}
KST = datetime.timezone(datetime.timedelta(hours=9))
MAX_TEXT_BYTES = 4096


def read(text):
    """Rows as dicts, after the checks that every file passes."""
    assert text.startswith("\ufeff주문번호"), text[:20]
    rows = list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))
    assert rows[0][:len(COLUMNS)] == COLUMNS, rows[0]
    assert len(set(rows[0])) == len(rows[0]), rows[0]
    assert all(len(row) == len(rows[0]) for row in rows), {len(row) for row in rows}
    assert text.endswith("\r\n")
    outside = re.sub(r'"(?:[^"]|"")*"', "", text)
    assert outside.count("\r\n") == outside.count("\n") == outside.count("\r") == len(rows)
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def cut(text):
    encoded = text.encode()
    return text if len(encoded) <= MAX_TEXT_BYTES else encoded[:MAX_TEXT_BYTES].decode(errors="ignore") + "…"


def kst(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds // 1000, KST).strftime("%Y-%m-%d %H:%M:%S")


def is_dangerous(cell):
    """What a spreadsheet may take for a formula: OWASP's list, behind any blanks, and full-width."""
    return re.match("[ \u00a0\u3000\u200b\ufeff]*[=+\\-@＝＋－＠\t\r\n\x00-\x1f\x7f]", cell) is not None


def every_value_is_in_its_cell():
    lines = report.some_lines(400, 1)
    rows = read(report.write("csv", lines))
    kinds = len({line["kind"] for line in lines})
    assert len(rows) == len(lines) + kinds + 2
    for line, row in zip(lines, rows):
        for column, name in TEXTS.items():
            cell = row[column]
            assert (cell[1:] if cell.startswith("'") else cell) == cut(line[name]), (cell, line[name])
        assert row["주문일시"] == kst(line["orderedAt"]) and row["구매확정일시"] == kst(line["settledAt"])
        assert row["구분"] == KINDS[line["kind"]]
        assert row["과세구분"] == TAXES[line["tax"]] and row["결제수단"] == PAYMENTS[line["payment"]]
        for name in NUMBERS:
            assert re.fullmatch(r"-?\d+(\.\d\d)?", row[name]), (name, row[name])
        assert int(row["수량"]) == line["quantity"] and int(row["단가"]) == line["price"]
        assert round(float(row["수수료율(%)"]) * 100) == line["rate"]
        gross = line["list"] - line["sellerCoupon"] - line["sellerPoints"]
        assert int(row["할인 전 금액"]) == line["list"] and int(row["판매금액"]) == gross
        assert int(row["쿠폰(판매자 부담)"]) == line["sellerCoupon"]
        assert int(row["포인트(판매자 부담)"]) == line["sellerPoints"]
        assert int(row["쿠폰(플랫폼 부담)"]) == line["platformCoupon"]
        assert int(row["포인트(플랫폼 부담)"]) == line["platformPoints"]
        assert int(row["결제금액"]) == gross - line["platformCoupon"] - line["platformPoints"]
        assert int(row["수수료"]) + int(row["정산금액"]) == gross
        assert int(row["공급가액"]) + int(row["부가세"]) == int(row["수수료"])


def totals_are_the_sums_of_their_rows():
    lines = report.some_lines(300, 2)
    rows = read(report.write("csv", lines))
    body, ends = rows[:len(lines)], rows[len(lines):]
    summed = [name for name in NUMBERS if name not in ("단가", "수수료율(%)")]
    for end in ends[:-1]:
        chosen = [row for row in body if end["구분"] in ("전체", row["구분"])]
        assert end["주문번호"] == ("합계" if end["구분"] == "전체" else "소계")
        assert end["상품명"] == f"{len(chosen)}건"
        for name in summed:
            assert int(end[name]) == sum(int(row[name]) for row in chosen), (end["구분"], name)
    assert ends[-2]["구분"] == "전체"
    assert [ends[-1][name] for name in ("주문번호", "정산금액", "구분")] == ["검산", "0", "일치"]


def no_text_is_a_formula_a_number_or_a_date():
    lines = [report.line(orderId=text, product=text, category=text) for text in report.HOSTILE]
    rows = read(report.write("csv", lines))
    for text, row in zip(report.HOSTILE, rows):
        for column in TEXTS:
            assert not is_dangerous(row[column]), repr(row[column])
            assert not re.fullmatch(r"\d+|[\d.,:/% -]{1,12}|[\d.,]+[eE][+-]?\d+", row[column]) \
                or not text.strip(), repr(row[column])
    marked = {text for text, row in zip(report.HOSTILE, rows) if row["상품명"].startswith("'")}
    for text in ("20260901000123", "007", "1e5", "2026-09-01", "=1+1", "'", "'=1+1", "\t=1+1", "－1"):
        assert text in marked, text
    for text in ("20260901-0001234", "1984년", "a,b", "", "<!--", "한글 '따옴표' \"쌍\""):
        assert text not in marked, text


def negative_numbers_are_untouched():
    row = read(report.write("csv", [report.line(kind=1, quantity=-2, list=-2000, price=1000)]))[0]
    assert [row[name] for name in ("수량", "단가", "판매금액", "수수료율(%)", "수수료", "정산금액")] == \
        ["-2", "1000", "-2000", "5.00", "-100", "-1900"]


def no_lines_give_totals_of_zero():
    rows = read(report.write("csv", []))
    assert [row["주문번호"] for row in rows] == ["합계", "검산"]
    assert rows[0]["판매금액"] == "0" and rows[0]["상품명"] == "0건"


if __name__ == "__main__":
    sys.exit(report.main([
        every_value_is_in_its_cell, totals_are_the_sums_of_their_rows, no_text_is_a_formula_a_number_or_a_date,
        negative_numbers_are_untouched, no_lines_give_totals_of_zero]))
