"""Reads the tables of a platform (tests/services/platforms) into orders for oracle.py, by the rules of its schema and of
services/settlement/sql/README.md. `rows_of(query)` gives rows of texts, None for NULL."""
import collections
import datetime
import subprocess
from decimal import Decimal

from oracle import Event, Item, Order

CARD = ("card", "카드")


def rows_by(client):
    """rows_of by the mariadb client, a list of its arguments. Fields have neither tabs nor line ends nor the text NULL."""
    def rows_of(query):
        # --quick: the client does not hold the table.
        with subprocess.Popen([*client, "--batch", "--skip-column-names", "--quick", f"--execute={query}"],
                              stdout=subprocess.PIPE) as running:
            for row in running.stdout:
                yield [None if field == "NULL" else field for field in row.decode().rstrip("\n").split("\t")]
        assert running.returncode == 0, query
    return rows_of


def time(text):
    return None if text is None else datetime.datetime.fromisoformat(text)


def won(text):
    """An amount; every platform's are whole."""
    value = Decimal(text)
    assert value == value.to_integral_value(), text
    return int(value)


def percent(text):
    return None if text is None else Decimal(text)


def grouped(rows):
    """Rows by their first column."""
    found = collections.defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


def event(order, items, name, item, amount, at):
    """None, if it is for an item that the order no longer has."""
    if item is not None and item not in items:
        return
    order.events.append(Event(name, at, None if item is None else items[item], won(amount)))


def is_card(method):
    return method is not None and method.lower() in CARD


def read_snake_case(rows_of):
    seller_rates = {seller: percent(rate) for seller, rate in rows_of("SELECT id, commission_rate FROM sellers")}
    categories = {row[0]: row[1:] for row in rows_of("SELECT id, parent_id, commission_rate FROM categories")}
    products = {row[0]: row[1:] for row in rows_of("SELECT id, seller_id, category_id, commission_rate, tax_type FROM products")}

    def rate_of(product):
        seller, category, own, _ = products[product]
        if own is not None:
            return percent(own)
        if seller_rates[seller] is not None:
            return seller_rates[seller]
        while category is not None:
            category, rate = categories[category]
            if rate is not None:
                return percent(rate)
        return None

    items = grouped(rows_of("SELECT order_id, id, product_id, price, quantity FROM order_items ORDER BY id"))
    refunds = grouped(rows_of("SELECT order_id, id, order_item_id, amount, processed_at FROM refunds WHERE status = 'completed'"))
    for number, name, confirmed, status, cancelled, coupon, bearer, points, shipping, method, receipt in rows_of(
            "SELECT id, order_number, confirmed_at, status, cancelled_at, discount_amount, discount_bearer, points_used, shipping_fee, "
            "payment_method, cash_receipt_number FROM orders"):
        if confirmed is None:
            continue
        sold = [Item(item, products[product][0], won(price), int(quantity), products[product][3], rate_of(product))
                for item, product, price, quantity in items[number]]
        payment = "cash_receipt" if receipt else "card" if is_card(method) else "other"
        fee = Item("shipping", sold[0].seller, won(shipping), 1, sold[0].tax, None, True) if won(shipping) else None
        order = Order(name, time(confirmed), payment, sold, fee)
        order.discount(won(coupon), bearer == "seller", won(points))
        by_name = {item.name: item for item in sold}
        for refund, item, amount, processed in refunds[number]:
            if status == "cancelled" and not (processed is not None and cancelled is not None and time(processed) < time(cancelled)):
                continue  # it pays the cancellation back
            event(order, by_name, refund, item, amount, time(processed) or order.at)
        if status == "cancelled":
            order.events.append(Event("x" * 25, time(cancelled) or order.at, None, None))
        yield order


def read_camel_case(rows_of):
    policies = collections.defaultdict(list)
    for seller, category, rate, begin, end in rows_of("SELECT sellerId, categoryCode, rate, effectiveDate, endDate FROM CommissionPolicy"):
        policies[seller, category].append((time(begin), time(end), percent(rate)))
    products = {row[0]: row[1:] for row in rows_of("SELECT id, sellerId, categoryCode FROM Product")}

    def rate_of(product, created):
        seller, category = products[product]
        for pair in ((seller, category), (seller, None), (None, category), (None, None)):
            for begin, end, rate in policies[pair]:
                if begin <= created and (end is None or created < end):
                    return rate
        return None

    items = grouped(rows_of("SELECT orderId, id, productId, unitPrice, quantity FROM OrderItem"))
    refunds = grouped(rows_of("SELECT orderId, id, orderItemId, amount, processedAt FROM Refund WHERE status = 'COMPLETED'"))
    for number, name, created, confirmed, coupon, bearer, points, shipping, method in rows_of(
            "SELECT id, orderNumber, createdAt, confirmedAt, couponDiscount, couponBearer, pointDiscount, shippingFee, paymentMethod "
            "FROM `Order`"):
        if confirmed is None:
            continue
        # utf8mb4_general_ci compares letters without their case, as capitals.
        rows = sorted(items[number], key=lambda row: row[0].upper())
        sold = [Item(item, products[product][0], won(price), int(quantity), None, rate_of(product, time(created)))
                for item, product, price, quantity in rows]
        fee = Item("shipping", sold[0].seller, won(shipping), 1, None, None, True) if won(shipping) else None
        order = Order(name, time(confirmed), "card" if is_card(method) else "other", sold, fee)
        order.discount(won(coupon), bearer == "SELLER", won(points))
        by_name = {item.name: item for item in sold}
        for refund, item, amount, processed in refunds[number]:
            event(order, by_name, refund, item, amount, time(processed) or order.at)
        yield order


def read_invented(rows_of):
    nine_hours = datetime.timedelta(hours=9)
    vendors = dict(rows_of("SELECT VND_SEQ, FEE_BP FROM TB_VENDOR"))
    classes = dict(rows_of("SELECT CLS_CD, FEE_BP FROM TB_GOODS_CLS"))
    goods = {row[0]: row[1:] for row in rows_of("SELECT GDS_SEQ, VND_SEQ, CLS_CD FROM TB_GOODS")}
    kinds = dict(rows_of("SELECT ORD_SEQ, PAY_KIND FROM TB_PAY"))

    def rate_of(product):
        vendor, kind = goods[product]
        points = vendors[vendor] if vendors[vendor] is not None else classes[kind]
        return None if points is None else Decimal(points) / 100

    items = grouped(rows_of("SELECT ORD_SEQ, LINE_NO, GDS_SEQ, UNIT_AMT, ORD_QTY FROM TB_ORD_DTL WHERE DEL_YN = 'N' ORDER BY ORD_SEQ, LINE_NO"))
    refunds = grouped(rows_of("SELECT ORD_SEQ, RFND_SEQ, LINE_NO, RFND_AMT, RFND_DT FROM TB_RFND WHERE RFND_STS = 2"))
    for number, name, confirmed in rows_of("SELECT ORD_SEQ, ORD_NO, FIX_DT FROM TB_ORD_MST"):
        if confirmed is None:
            continue
        sold = [Item(item, goods[product][0], won(price), int(quantity), None, rate_of(product))
                for item, product, price, quantity in items[number]]
        order = Order(name, time(confirmed) - nine_hours, "card" if is_card(kinds.get(number)) else "other", sold)
        order.discount(0, False, 0)
        by_name = {item.name: item for item in sold}
        for refund, item, amount, processed in refunds[number]:
            at = order.at if processed is None else time(processed) - nine_hours
            event(order, by_name, refund, item, amount, at)
        yield order


READERS = {"snake_case": read_snake_case, "camel_case": read_camel_case, "invented": read_invented}
SELLERS = {"snake_case": "SELECT id FROM sellers", "camel_case": "SELECT id FROM sellers", "invented": "SELECT VND_SEQ FROM TB_VENDOR"}


def read(rows_of, platform):
    return READERS[platform](rows_of)


def sellers(rows_of, platform):
    return [row[0] for row in rows_of(SELLERS[platform])]
