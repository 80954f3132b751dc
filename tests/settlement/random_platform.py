#!/usr/bin/python3
"""A random platform as SQL, for the mariadb client: orders of several months with every event that a settlement meets.

Usage: random_platform.py --platform snake_case|camel_case|invented [--orders N] [--seed N] [--sellers N]
                          [--first-month YYYY-MM] [--months N]

Prints the rows of one of tests/services/platforms, whose schema.sql is in the database already. Equal arguments give equal
bytes. Amounts are consistent: no refund takes back more than what remains, so that a settlement refuses none of it.
"""
import argparse
import datetime
import random
import sys

import random_platform_write

SECOND_MS = 1000
DAY_MS = 86400 * SECOND_MS
KST_MS = 9 * 3600 * SECOND_MS
EPOCH = datetime.date(1970, 1, 1)

NAMES = [
    "사과 5kg", "유기농 배추", "블루 니트 (M)", "책 「데미안」", "Apple juice 1L", "김치", "=1+1", "+82-10-1234-5678", "@SUM(A1:A9)",
    "-5% 할인", "'; DROP TABLE orders; -- ", "\\", "\\' OR 1=1 -- ", "a\tb", "a\nb", "\"quoted\", comma", "<script>alert(1)</script>",
    "</td></tr></table>", "00123", "20200101000123", "1e5", "3-1", "NULL", "\u202egpj.exe", "&amp;", "%s%n", " ", "가" * 190,
    "'" * 150, "e" + "\u0301" * 20,
]
BEYOND_BMP = ["👩‍👩‍👧‍👦 가족 세트", "🍎", "𠮷野家 덮밥"]
METHODS = ["card", "card", "카드", "CARD", "transfer", "virtual_account", "kakaopay", "", None]
PRICES = [0, 1, 9, 10, 99, 100, 990, 1000, 2500, 9900, 10000, 12345, 19900, 33333, 100000, 1234567]


class Item:
    def __init__(self, product, price, quantity):
        self.product, self.price, self.quantity = product, price, quantity
        self.list = price * quantity
        self.id = self.left = None  # left: what the buyer paid of it and still has not back
        self.is_deleted = False


class Refund:
    def __init__(self, number, item, processed_ms):
        self.id, self.item, self.processed_ms = number, item, processed_ms
        self.amount, self.status = 0, "completed"


class Order:
    """coupon, points and shipping are of the whole order; times are UTC; confirmed_ms None: not settled."""


class Platform:
    def __init__(self, kind, orders, seed, sellers, first_month, months):
        self.kind = kind
        self.has_discounts = kind != "invented"
        self.chance = random.Random(f"{kind} {orders} {seed} {sellers} {first_month} {months}")
        first = datetime.date.fromisoformat(first_month + "-01")
        end = first.replace(year=first.year + (first.month - 1 + months) // 12, month=(first.month - 1 + months) % 12 + 1)
        self.first_day, self.end_day = (first - EPOCH).days, (end - EPOCH).days
        # KST: the days on which a month of these begins.
        self.month_days = []
        while first < end:
            self.month_days.append((first - EPOCH).days)
            first = (first + datetime.timedelta(days=32)).replace(day=1)
        self.names = NAMES if kind == "invented" else NAMES + BEYOND_BMP
        self.make_categories()
        self.make_sellers(sellers)
        self.make_products()
        self.make_policies()
        self.orders = []
        self.next_refund = 1
        self.next_item = 1
        for number in range(1, orders + 1):
            self.orders.append(self.make_order(number))

    # ------------------------------------------------------------------ who and what is sold

    def rate(self):
        """Percent, in hundredths."""
        return self.chance.choice([0, 1, 99, 350, 500, 550, 700, 1000, 1234, 3333, 10000, self.chance.randrange(0, 3000)])

    def make_categories(self):
        # (id, parent, rate): 1 to 4 are roots, 3 and 4 without a rate; others have one or ask their parents.
        self.categories = [(1, None, 1000), (2, None, 550), (3, None, None), (4, None, None)]
        for number in range(5, 13):
            parent = self.chance.randrange(1, number)
            self.categories.append((number, parent, self.chance.choice([None, None, self.rate()])))

    def make_sellers(self, count):
        # The last one sells nothing.
        self.sellers = []
        for number in range(1, count + 2):
            name = self.chance.choice(self.names)[:80]
            rate = None if number % 3 == 0 else self.chance.choice([None, self.rate()])
            self.sellers.append((number, name, rate, self.chance.choice(["active", "active", "suspended"])))

    def make_products(self):
        # (id, seller, category or None, name, price, rate or None, tax)
        chance = self.chance
        self.products = []
        self.products_of = {}
        for number in range(1, 6 * (len(self.sellers) - 1) + 1):
            seller = (number - 1) % (len(self.sellers) - 1) + 1
            category = chance.choice([None] + [one[0] for one in self.categories]) if self.kind != "invented" \
                else chance.choice(self.categories)[0]
            price = chance.choice(PRICES) if chance.random() < 0.4 else chance.randrange(1, 200000)
            rate = self.rate() if chance.random() < 0.15 else None
            self.products.append((number, seller, category, chance.choice(self.names), price, rate, chance.choice(["taxable", "taxable", "exempt"])))

    def make_policies(self):
        """Dated rates: (seller or None, category or None, rate, from_ms, to_ms or None), never two at a time for one pair."""
        chance = self.chance
        pairs = {(None, 1), (None, 2), (None, 5), (1, None), (1, 1), (2, 1)}
        for _ in range(2 * min(len(self.sellers), 50)):
            pairs.add((chance.choice(self.sellers)[0], chance.choice([None, 1, 2, 3, 4, 5, 6])))
        if chance.random() < 0.5:
            pairs.add((None, None))
        self.policies = []
        for seller, category in sorted(pairs, key=lambda pair: (pair[0] or 0, pair[1] or 0)):
            at = self.border(chance.choice(self.month_days)) if chance.random() < 0.4 else self.border(self.first_day - 400)
            while True:
                end = at + chance.choice([31 * DAY_MS, 10 * DAY_MS, chance.randrange(1, 60 * DAY_MS)])
                end = self.border((end + KST_MS) // DAY_MS) if chance.random() < 0.7 else end
                is_last = chance.random() < 0.3 or at > self.border(self.end_day)
                if end > at:
                    self.policies.append((seller, category, self.rate(), at, None if is_last else end))
                if is_last:
                    break
                # The next one follows, or leaves a gap.
                at = max(at, end) if chance.random() < 0.6 else max(at, end) + 5 * DAY_MS

    # ------------------------------------------------------------------ times

    @staticmethod
    def border(day):
        """The moment at which a day of KST begins."""
        return day * DAY_MS - KST_MS

    def moment(self, from_ms, to_ms):
        """In the given time, often the first or last moment of a day or a month of KST."""
        chance = self.chance
        at = chance.randrange(from_ms, to_ms)
        step = 1 if self.kind == "camel_case" else SECOND_MS
        kind = chance.random()
        if kind < 0.12:
            at = self.border((at + KST_MS) // DAY_MS)
        elif kind < 0.24:
            at = self.border((at + KST_MS) // DAY_MS + 1) - step
        elif kind < 0.34:
            month = self.border(chance.choice(self.month_days))
            at = month - chance.choice([0, step])
        at -= at % step
        return min(max(at, from_ms - from_ms % step), to_ms)

    # ------------------------------------------------------------------ orders

    def make_order(self, number):
        chance = self.chance
        order = Order()
        order.id = number
        order.number = self.order_number(number)
        order.user = chance.randrange(1, 101)
        order.created_ms = self.moment(self.border(self.first_day), self.border(self.end_day) - 1)
        order.method = chance.choice(METHODS)
        order.receipt = chance.choice([None, None, "", "010-1234-5678"])
        order.items = self.make_items(number)
        self.add_discounts(order)
        order.paid_ms = order.confirmed_ms = order.cancelled_ms = None
        order.status = chance.choices(["pending", "paid", "delivered", "confirmed", "cancelled"], [4, 4, 4, 78, 10])[0]
        if order.status != "pending" and chance.random() < 0.97:
            order.paid_ms = order.created_ms + 1000 * chance.randrange(0, 3600)
        if order.status == "confirmed" or order.status == "cancelled" and chance.random() < 0.6:
            order.confirmed_ms = self.moment(order.created_ms, min(order.created_ms + 20 * DAY_MS, self.border(self.end_day)))
        order.has_cancellation = order.status == "cancelled" and self.kind == "snake_case"
        if order.has_cancellation and chance.random() < 0.9:
            order.cancelled_ms = self.moment(order.created_ms, order.created_ms + 45 * DAY_MS)
        order.refunds = []
        if chance.random() < 0.25 or order.status == "cancelled":
            self.add_refunds(order)
        return order

    def order_number(self, number):
        kind = self.chance.randrange(6)
        if kind == 0:
            return f"20200101{number:08d}"
        if kind == 1:
            return f"00{number}"
        if kind == 2 and self.kind != "invented":
            return f"주문-{number}"
        if kind == 3:
            return f"={number}+1"
        if kind == 4:
            return f"'\"\\%_;{number}"
        return f"ORD-{number:06d}"

    def make_items(self, number):
        chance = self.chance
        items = []
        # Of one seller or of several, and the same product twice at times.
        for _ in range(chance.choices([1, 2, 3, 4, 9], [50, 25, 15, 8, 2])[0]):
            product = chance.choice(self.products)
            if items and chance.random() < 0.4:
                product = items[-1].product
            price = product[4] if chance.random() < 0.8 else chance.choice(PRICES)
            items.append(Item(product, price, chance.choices([1, 2, 3, 7, 100], [70, 15, 10, 4, 1])[0]))
        used = set()
        for position, item in enumerate(items):
            if self.kind == "snake_case":
                item.id = self.next_item
                self.next_item += 1
            elif self.kind == "camel_case":
                # Their order as texts is not that of their lengths.
                item.id = f"{chance.choice(['i', 'Item-', 'z_', 'B', 'item_item-'])}{number}-{chance.randrange(1, 3000)}-{position}"
            else:
                item.id = chance.choice([n for n in range(1, 40) if n not in used])
                used.add(item.id)
        if self.kind == "invented" and len(items) > 1:
            items[0].is_deleted = chance.random() < 0.1
        return items

    def add_discounts(self, order):
        chance = self.chance
        order.coupon = order.points = order.shipping = 0
        order.bearer = chance.choice(["seller", "platform"])
        if self.has_discounts:
            total = sum(item.list for item in order.items)
            if chance.random() < 0.35:
                order.coupon = chance.choice([total, total // 2, total // 10, 1, 1000, 3000, chance.randrange(total + 1)])
                order.coupon = min(order.coupon, total)
            if chance.random() < 0.25:
                order.points = min(chance.choice([1, 10, 777, 5000, total, chance.randrange(total + 1)]), total - order.coupon)
            order.shipping = chance.choice([0, 0, 2500, 3000, 3000, 1, 50000])
        # What the buyer pays of each, with the shares in whole won.
        items = self.sorted_by_id(order.items)
        coupons = cumulative_shares(order.coupon, [item.list for item in items])
        rests = [item.list - share for item, share in zip(items, coupons)]
        points = cumulative_shares(order.points, rests)
        for item, rest, share in zip(items, rests, points):
            item.left = rest - share
        order.total = sum(item.left for item in items if not item.is_deleted) + order.shipping

    def sorted_by_id(self, items):
        return sorted(items, key=lambda item: item.id.upper() if isinstance(item.id, str) else item.id)

    # ------------------------------------------------------------------ refunds

    def add_refunds(self, order):
        chance = self.chance
        count = chance.choices([1, 2, 3, 6], [60, 25, 10, 5])[0]
        ids = list(range(self.next_refund, self.next_refund + count))
        self.next_refund += count
        chance.shuffle(ids)
        for number in ids:
            name = number
            if self.kind == "camel_case":
                name = f"{chance.choice(['r', 'Rf-', 'refund_'])}{number}"
            item = chance.choice([None, *order.items])
            begin = order.created_ms if chance.random() < 0.3 else order.confirmed_ms or order.created_ms
            at = self.moment(begin, begin + chance.choice([5, 20, 70]) * DAY_MS)
            if chance.random() < 0.04:
                at = None
            elif order.refunds and chance.random() < 0.15:
                at = order.refunds[-1].processed_ms
            order.refunds.append(Refund(name, item, at))
        self.give_amounts(order)

    def give_amounts(self, order):
        """In the order in which a settlement takes them, so that none is more than what remains."""
        chance = self.chance
        confirmed_ms = order.confirmed_ms or 0
        shipping = order.shipping
        # Texts of equal length as bytes, which is the items' own order elsewhere as well.
        items = sorted((item for item in order.items if not item.is_deleted), key=lambda item: (len(str(item.id)), str(item.id).encode()))
        for refund in sorted(order.refunds, key=lambda one: (max(one.processed_ms or 0, confirmed_ms), len(str(one.id)), str(one.id).encode())):
            is_after = order.has_cancellation and (
                refund.processed_ms is None or order.cancelled_ms is None or refund.processed_ms >= order.cancelled_ms)
            is_of_nothing = refund.item is not None and refund.item.is_deleted
            if chance.random() < 0.15 or is_after or is_of_nothing:
                # Not completed, or without an effect: any amount.
                refund.amount = chance.randrange(1, 10**6)
                if not is_after and not is_of_nothing:
                    refund.status = chance.choice(["pending", "processing", "rejected"])
                continue
            paid = sum(item.left for item in items)
            remains = refund.item.left if refund.item is not None else paid + shipping
            if remains == 0:
                refund.amount, refund.status = 1000, "rejected"
                continue
            refund.amount = chance.choice([remains, remains, min(remains, paid or remains), max(1, remains // 3), 1, chance.randrange(1, remains + 1)])
            if refund.item is not None:
                refund.item.left -= refund.amount
                continue
            from_items = min(refund.amount, paid)
            for item, share in zip(items, cumulative_shares(from_items, [item.left for item in items])):
                item.left -= share
            shipping -= refund.amount - from_items
        counted = [one.amount for one in order.refunds if one.status == "completed"]
        order.refunded = order.total if order.has_cancellation and order.confirmed_ms else sum(counted)


def cumulative_shares(amount, weights):
    """Whole parts of an amount, in proportion to the weights, that sum to it."""
    total, before, given, shares = sum(weights), 0, 0, []
    for weight in weights:
        before += weight
        now = amount * before // total if total else 0
        shares.append(now - given)
        given = now
    return shares


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", choices=sorted(random_platform_write.WRITERS), required=True)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sellers", type=int, default=12, help="that sell; one more has no sale")
    parser.add_argument("--first-month", default="2019-12", help="of the orders; refunds go on for some months")
    parser.add_argument("--months", type=int, default=4)
    given = parser.parse_args()
    platform = Platform(given.platform, given.orders, given.seed, given.sellers, given.first_month, given.months)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    random_platform_write.write(platform, sys.stdout.write)


if __name__ == "__main__":
    main()
