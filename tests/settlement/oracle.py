"""An independent computation of settlements, from the tables of a platform and never from its views, with Python's decimal.

It holds the rules of services/settlement/README.md and sql/README.md once more, in other words and by other means:

    orders = oracle_tables.read(rows_of, platform)      what was sold, discounted and taken back
    lines = list(all_lines(orders))                     each line with the item's amounts before and after it
    totals = settle(lines, rules, period_of)            {(period, seller): Totals}
"""
import datetime
import decimal
import functools
from decimal import Decimal

KINDS = ("SALE", "REFUND", "CANCEL", "SHIPPING", "SHIPPING_REFUND")
SALE, REFUND, CANCEL, SHIPPING, SHIPPING_REFUND = range(5)
TAXES = (None, "taxable", "exempt")
PAYMENTS = ("card", "cash_receipt", "other")
OTHERWISE = PAYMENTS.index("other")
# The order in which the figures of a sum are given, here and by read_totals.c.
FIGURES = ("lines", "quantity", "list", "seller_coupon", "seller_points", "platform_coupon", "platform_points", "gross", "paid",
           "commission", "supply", "vat", "net")
ROUNDINGS = {"half-up": decimal.ROUND_HALF_UP, "half-even": decimal.ROUND_HALF_EVEN, "down": decimal.ROUND_DOWN}
KST = datetime.timedelta(hours=9)


class Item:
    """Something sold: a product, or the shipping fee (is_shipping). rate: percent, None for the shipping fee."""

    def __init__(self, name, seller, price, quantity, tax=None, rate=None, is_shipping=False):
        self.name, self.seller, self.price, self.quantity = name, seller, price, quantity
        self.tax, self.rate, self.is_shipping = tax, rate, is_shipping
        self.list = price * quantity
        self.sold = None  # (list, seller_coupon, seller_points, platform_coupon, platform_points)


class Event:
    """A refund of `amount` for `item` (None: for the whole order), or a cancellation (amount None)."""

    def __init__(self, name, at, item, amount):
        self.name, self.at, self.item, self.amount = name, at, item, amount


class Order:
    """products in the order of their ids; shipping: an Item or None; at: settled."""

    def __init__(self, number, at, payment, products, shipping=None):
        self.number, self.at, self.payment, self.products, self.shipping = number, at, payment, products, shipping
        self.events = []

    def discount(self, coupon, is_sellers, points):
        """Shares the coupon by list prices, the points by what the coupon leaves."""
        coupons = share(coupon, [item.list for item in self.products])
        point_shares = share(points, [item.list - part for item, part in zip(self.products, coupons)])
        for item, part, point in zip(self.products, coupons, point_shares):
            item.sold = (item.list, part if is_sellers else 0, 0, 0 if is_sellers else part, point)
        if self.shipping is not None:
            self.shipping.sold = (self.shipping.list, 0, 0, 0, 0)


class Line:
    """before, after: the item's five amounts; the line is their difference."""
    __slots__ = ("order", "seller", "at", "kind", "tax", "payment", "quantity", "rate", "before", "after")

    def __init__(self, order, item, at, kind, quantity, before, after):
        self.order, self.seller, self.at, self.kind = order.number, item.seller, at, kind
        self.tax, self.payment, self.rate, self.quantity = item.tax, order.payment, item.rate, quantity
        self.before, self.after = before, after


def floored(value):
    return int(value.to_integral_value(rounding=decimal.ROUND_FLOOR))


def share(amount, weights):
    """Part i is floor(amount * (w1 + ... + wi) / w) less all parts before it."""
    whole = sum(weights)
    parts, summed = [], 0
    for weight in weights:
        summed += weight
        until = amount * summed // whole if whole else 0
        parts.append(until - sum(parts))
    return parts


def paid_of(amounts):
    return amounts[0] - sum(amounts[1:])


def gross_of(amounts):
    return amounts[0] - amounts[1] - amounts[2]


def less_paid(sold, remaining, won):
    """What remains of an item when `won` of what the buyer paid has been returned: each discount in proportion to it."""
    left, whole = paid_of(remaining) - won, paid_of(sold)
    assert 0 < won and 0 <= left, "more is taken back than remains"
    discounts = [floored(Decimal(discount) * left / whole) for discount in sold[1:]]
    return (left + sum(discounts), *discounts)


NOTHING = (0, 0, 0, 0, 0)


def lines_of(order):
    """The lines of an order: what was sold, then what was taken back, by time and id."""
    items = sorted(order.products, key=lambda item: (len(item.name), item.name.encode()))
    everything = items + ([order.shipping] if order.shipping is not None else [])
    remaining = {item: item.sold for item in everything}
    for item in everything:
        kind = SHIPPING if item.is_shipping else SALE
        yield Line(order, item, order.at, kind, item.quantity, NOTHING, item.sold)
    for event in sorted(order.events, key=lambda one: (max(one.at, order.at), len(one.name), one.name.encode())):
        kind = CANCEL if event.amount is None else REFUND
        for item, after in after_event(event, items, order.shipping, remaining):
            if after != remaining[item]:
                yield Line(order, item, max(event.at, order.at), SHIPPING_REFUND if item.is_shipping else kind,
                           -item.quantity if event.amount is None and not item.is_shipping else 0, remaining[item], after)
                remaining[item] = after


def after_event(event, items, shipping, remaining):
    """(item, what remains of it) for each item that the event concerns."""
    if event.amount is None:
        chosen = [event.item] if event.item is not None else items + ([shipping] if shipping is not None else [])
        return [(item, NOTHING) for item in chosen]
    if event.item is not None:
        return [(event.item, less_paid(event.item.sold, remaining[event.item], event.amount))]
    paid = [paid_of(remaining[item]) for item in items]
    for_items = min(event.amount, sum(paid))
    found = [(item, less_paid(item.sold, remaining[item], part)) for item, part in zip(items, share(for_items, paid)) if part > 0]
    if event.amount > for_items:
        found.append((shipping, less_paid(shipping.sold, remaining[shipping], event.amount - for_items)))
    return found


def all_lines(orders):
    for order in orders:
        yield from lines_of(order)


class Rules:
    def __init__(self, fee="half-up", vat="down", is_included=True, basis="gross", default="5.00", shipping="0.00"):
        self.fee, self.vat, self.is_included, self.basis = fee, vat, is_included, basis
        self.default, self.shipping = Decimal(default), Decimal(shipping)
        self.basis_of = {"gross": gross_of, "list": lambda amounts: amounts[0], "paid": paid_of}[basis]
        self.charge = functools.lru_cache(maxsize=200000)(self.charge)

    def charge(self, won, percent):
        """(commission, supply value, VAT) of a basis."""
        fee = (Decimal(won) * percent / 100).quantize(Decimal(1), rounding=ROUNDINGS[self.fee])
        vat = self.vat_of(fee)
        return (int(fee), int(fee - vat), int(vat)) if self.is_included else (int(fee + vat), int(fee), int(vat))

    def vat_of(self, fee):
        """The quotient's halves are exact: a number over 11 has none, and one over 10 ends after a digit."""
        return (fee / (11 if self.is_included else 10)).quantize(Decimal(1), rounding=ROUNDINGS[self.vat])

    def of(self, line):
        if line.kind in (SHIPPING, SHIPPING_REFUND):
            percent = self.shipping
        else:
            percent = self.default if line.rate is None else line.rate
        after, before = self.charge(self.basis_of(line.after), percent), self.charge(self.basis_of(line.before), percent)
        return [a - b for a, b in zip(after, before)]

    def text(self):
        return (f"{self.fee} {self.vat} {'included' if self.is_included else 'excluded'} {self.basis} "
                f"{int(self.default * 100)} {int(self.shipping * 100)}")


class Totals:
    """Figures by kind (and `all`), sales for the VAT return by tax and payment, orders with a sale."""

    def __init__(self):
        self.kinds = [[0] * len(FIGURES) for _ in KINDS]
        self.sales = [[0] * len(PAYMENTS) for _ in TAXES]
        self.orders = set()

    def add(self, line, charge):
        given = [a - b for a, b in zip(line.after, line.before)]
        gross, paid = gross_of(given), paid_of(given)
        figures = [1, line.quantity, *given, gross, paid, *charge, gross - charge[0]]
        sums = self.kinds[line.kind]
        for i, figure in enumerate(figures):
            sums[i] += figure
        sales = self.sales[TAXES.index(line.tax)]
        sales[PAYMENTS.index(line.payment)] += paid
        sales[OTHERWISE] += gross - paid
        if line.kind in (SALE, SHIPPING):
            self.orders.add(line.order)

    def document(self):
        """As read_totals.c prints it."""
        whole = [sum(figures) for figures in zip(*self.kinds)]
        return {"all": whole, "kinds": self.kinds, "sales": self.sales, "lines": whole[0], "orders": len(self.orders)}


EMPTY = Totals().document()


@functools.lru_cache(maxsize=1000000)
def day_of(at):
    return (at + KST).date()


# The first day of the period of each type that a day of KST belongs to.
PERIODS = {
    "daily": lambda day: day,
    "weekly": lambda day: datetime.date.fromisocalendar(*day.isocalendar()[:2], 1),
    "monthly": lambda day: day.replace(day=1),
}


def settle(lines, rules, period_types):
    """{(type, first day, seller): document} of all lines."""
    found = {}
    charges = [(line, day_of(line.at), rules.of(line)) for line in lines]
    for name in period_types:
        first_of = functools.lru_cache(maxsize=None)(PERIODS[name])
        sums = {}
        for line, day, charge in charges:
            key = (name, first_of(day), line.seller)
            if key not in sums:
                sums[key] = Totals()
            sums[key].add(line, charge)
        found.update((key, totals.document()) for key, totals in sums.items())
    return found
