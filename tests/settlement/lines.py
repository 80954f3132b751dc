"""Lines of a settlement with their amounts, computed with Python's decimal.

Usage: lines.py SEED LINES

Prints rows of integers and words that tests/services/test_settlement_line_oracle.c reads:

  I fee_rounding vat_rounding included basis rate        the rules of the next item's lines
  G kind tax payment quantity  5 given  6 computed       a line
  M kind tax payment quantity  5 given  6 computed  won  a refund of which only the money is recorded
  T lines quantity  11 sums                              of all lines
  K kind lines quantity  11 sums                         of a kind
  V tax payment won                                      a cell of the VAT return

It shares no code with the library: it works on exact fractions of a won, rounds with
decimal.quantize, and takes VAT as fee * 10 / 110 or fee * 10 / 100.
"""

import decimal
import random
import sys
from decimal import Decimal

decimal.getcontext().prec = 60
ROUNDING = {"half-up": decimal.ROUND_HALF_UP, "half-even": decimal.ROUND_HALF_EVEN,
            "down": decimal.ROUND_DOWN}
SALE, REFUND, CANCEL, SHIPPING, SHIPPING_REFUND = range(5)
MOST = 10**12


def whole(value, rounding):
    return int(value.quantize(Decimal(1), rounding=ROUNDING[rounding]))


class Item:
    def __init__(self, r):
        self.fee_rounding = r.choice(list(ROUNDING))
        self.vat_rounding = r.choice(list(ROUNDING))
        self.included = r.randrange(2)
        self.basis = r.choice(["gross", "list", "paid"])
        self.rate_bp = r.choice([500, 1000, 330, 1080, 550, 0, 1, 10000, r.randrange(10001)])

    def computed(self, given):
        """gross, paid, commission, supply, vat, net of what remains of an item."""
        listed, seller, platform = given[0], given[1] + given[2], given[3] + given[4]
        gross, paid = listed - seller, listed - seller - platform
        basis = Decimal({"gross": gross, "list": listed, "paid": paid}[self.basis])
        fee = whole(basis * (Decimal(self.rate_bp) / 100) / 100, self.fee_rounding)
        vat = whole(Decimal(fee) * 10 / (110 if self.included else 100), self.vat_rounding)
        commission = fee if self.included else fee + vat
        return [gross, paid, commission, commission - vat, vat, gross - commission]


def amount(r):
    kind = r.randrange(10)
    if kind < 4:
        return r.randrange(10, 100000) * 10
    if kind < 7:
        return r.randrange(1, 1000000)
    if kind < 8:
        return r.randrange(0, 30)
    return r.choice([MOST, MOST - r.randrange(1000), r.randrange(MOST)])


def sold(r):
    """List amount, seller's coupon and points, platform's coupon and points."""
    given = [amount(r), 0, 0, 0, 0]
    rest = given[0]
    for i in range(1, 5):
        if r.randrange(3) == 0:
            given[i] = r.choice([rest, r.randrange(rest + 1), min(rest, 1000)])
            rest -= given[i]
    return given


def part_of(r, original, had):
    """What a refund leaves of `had`: given amounts, and the money returned or None."""
    paid, original_paid = had[0] - sum(had[1:]), original[0] - sum(original[1:])
    how = r.randrange(6)
    if how == 0:
        return [0] * 5, None
    if how < 4 and paid > 0:
        money = r.choice([paid, r.randrange(1, paid + 1), min(paid, 1)])
        kept = [min(h, int((Decimal(o) * (paid - money) / original_paid).to_integral_value(
            decimal.ROUND_FLOOR))) for o, h in zip(original[1:], had[1:])]
        return [paid - money + sum(kept)] + kept, money
    # Goods go back, and of each discount at most as much as keeps gross and paid from rising.
    drop = r.randrange(had[0] + 1)
    room, kept = drop, []
    for h in had[1:]:
        back = r.randrange(min(h, room) + 1)
        room -= back
        kept.append(h - back)
    # Discounts left on too few goods: take the goods back a little less.
    return [max(had[0] - drop, sum(kept))] + kept, None


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    r = random.Random(seed)
    out, written = [], 0
    total, kinds, vat_return = [0] * 13, {k: [0] * 13 for k in range(5)}, {}

    def line(letter, item, kind, tax, payment, quantity, before, after, money=None):
        nonlocal written
        given = [a - b for a, b in zip(after, before)]
        figures = [a - b for a, b in zip(item.computed(after), item.computed(before))]
        row = [letter, kind, tax, payment, quantity] + given + figures
        out.append(" ".join(map(str, row + ([] if money is None else [money]))))
        for sums in total, kinds[kind]:
            for i, x in enumerate([1, quantity] + given + figures):
                sums[i] += x
        gross, paid = figures[0], figures[1]
        vat_return[tax, payment] = vat_return.get((tax, payment), 0) + paid
        vat_return[tax, 2] = vat_return.get((tax, 2), 0) + gross - paid
        written += 1
        return figures

    while written < count:
        item, is_shipping = Item(r), r.randrange(5) == 0
        tax, payment = r.randrange(3), r.randrange(3)
        out.append(f"I {item.fee_rounding} {item.vat_rounding} {item.included} {item.basis} "
                   f"{item.rate_bp}")
        original, quantity = sold(r), r.randrange(1, 100)
        sums = line("G", item, SHIPPING if is_shipping else SALE, tax, payment, quantity,
                    [0] * 5, original)
        had = original
        for _ in range(r.choice([0, 0, 0, 1, 1, 2, 3, 12])):
            after, money = part_of(r, original, had)
            kind = SHIPPING_REFUND if is_shipping else r.choice([REFUND, CANCEL])
            figures = line("G" if money is None else "M", item, kind, tax, payment,
                           -r.randrange(3), had, after, money)
            sums = [a + b for a, b in zip(sums, figures)]
            had = after
        # However it was taken back, the lines sum to the figures of what was kept.
        assert sums == item.computed(had)
    out.append("T " + " ".join(map(str, total)))
    out += [f"K {k} " + " ".join(map(str, sums)) for k, sums in kinds.items()]
    out += [f"V {t} {p} {won}" for (t, p), won in vat_return.items()]
    print("\n".join(out))


main()
