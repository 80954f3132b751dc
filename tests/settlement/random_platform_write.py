"""The rows of a random platform (random_platform.py) in the tables of tests/services/platforms, as SQL."""
import datetime

ROWS = 500  # of one INSERT
KST_MS = 9 * 3600 * 1000
START = datetime.datetime(1970, 1, 1)
REFUND_CODES = {"pending": 0, "processing": 1, "completed": 2, "rejected": 9}


def text(value):
    if value is None:
        return "NULL"
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0") + "'"


def number(value):
    return "NULL" if value is None else str(value)


def percent(hundredths):
    return "NULL" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02d}"


def time(at_ms, has_fraction=False):
    if at_ms is None:
        return "NULL"
    at = START + datetime.timedelta(milliseconds=at_ms)
    return f"'{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}'" if has_fraction else f"'{at:%Y-%m-%d %H:%M:%S}'"


def time_ms(at_ms):
    return time(at_ms, True)


def kst(at_ms):
    return time(None if at_ms is None else at_ms + KST_MS)


def insert(put, table, columns, rows):
    head = f"INSERT INTO {table} ({columns}) VALUES\n"
    batch = []
    for row in rows:
        batch.append("(" + ",".join(row) + ")")
        if len(batch) == ROWS:
            put(head + ",\n".join(batch) + ";\n")
            batch.clear()
    if batch:
        put(head + ",\n".join(batch) + ";\n")


def payment_status(order):
    if order.paid_ms is None:
        return "unpaid"
    if order.status == "cancelled":
        return "cancelled"
    if any(refund.status == "completed" for refund in order.refunds):
        return "partially_refunded" if order.refunded < order.total else "refunded"
    return "completed"


def paid(order):
    return 0 if order.paid_ms is None else order.total


def refunded(order):
    return order.refunded if order.refunds else order.total if order.has_cancellation and order.confirmed_ms else 0


def write_snake_case(platform, put):
    insert(put, "users", "id, email, name, preferred_language", (
        (str(i), text(f"customer{i}@example.com"), text(f"고객 {i}"), text("en" if i % 2 == 0 else "ko")) for i in range(1, 101)))
    insert(put, "sellers", "id, name, email, business_name, business_number, commission_rate, status", (
        (str(seller), text(f"판매자 {seller}"), text(f"seller{seller}@example.com"), text(name), text(f"123-45-{seller % 100000:05d}"), percent(rate),
         text(status)) for seller, name, rate, status in platform.sellers))
    insert(put, "categories", "id, parent_id, name, commission_rate", (
        (str(category), number(parent), text(f"분류 {category}"), percent(rate)) for category, parent, rate in platform.categories))
    insert(put, "products", "id, seller_id, category_id, name, price, commission_rate, tax_type", (
        (str(product), str(seller), number(category), text(name), str(price), percent(rate), text(tax))
        for product, seller, category, name, price, rate, tax in platform.products))
    insert(put, "orders", "id, order_number, user_id, total_amount, shipping_fee, discount_amount, discount_bearer, points_used, status, "
           "payment_status, payment_method, cash_receipt_number, paid_amount, refunded_amount, paid_at, confirmed_at, cancelled_at, "
           "created_at, updated_at", (
               (str(order.id), text(order.number), str(order.user), str(order.total), str(order.shipping), str(order.coupon),
                text(order.bearer), str(order.points), text(order.status), text(payment_status(order)), text(order.method),
                text(order.receipt), str(paid(order)), str(refunded(order)), time(order.paid_ms), time(order.confirmed_ms),
                time(order.cancelled_ms), time(order.created_ms), time(order.created_ms)) for order in platform.orders))
    insert(put, "order_items", "id, order_id, product_id, product_name, price, quantity, total_price", (
        (str(item.id), str(order.id), str(item.product[0]), text(item.product[3]), str(item.price), str(item.quantity), str(item.list))
        for order in platform.orders for item in order.items))
    insert(put, "refunds", "id, order_id, order_item_id, amount, reason, status, processed_at", (
        (str(refund.id), str(order.id), number(refund.item and refund.item.id), str(refund.amount), text("단순 변심"), text(refund.status),
         time(refund.processed_ms)) for order in platform.orders for refund in order.refunds))


def write_camel_case(platform, put):
    insert(put, "`User`", "`id`, `email`, `name`, `locale`", (
        (text(f"user-{i}"), text(f"customer{i}@example.com"), text(f"고객 {i}"), text("EN" if i % 2 == 0 else "KO")) for i in range(1, 101)))
    insert(put, "`User`", "`id`, `email`, `name`", (
        (text(f"seller-user-{seller}"), text(f"seller{seller}@example.com"), text(f"판매자 {seller}")) for seller, *_ in platform.sellers))
    insert(put, "`sellers`", "`id`, `userId`, `shop_name`, `business_number`, `status`", (
        (text(f"seller-{seller}"), text(f"seller-user-{seller}"), text(name), text(None if seller % 2 else f"123-45-{seller % 100000:05d}"),
         text("APPROVED" if status == "active" else "SUSPENDED")) for seller, name, _, status in platform.sellers))
    insert(put, "`Category`", "`code`, `name`", ((text(f"C{category}"), text(f"분류 {category}")) for category, *_ in platform.categories))
    insert(put, "`CommissionPolicy`", "`sellerId`, `categoryCode`, `rate`, `effectiveDate`, `endDate`", (
        (text(seller and f"seller-{seller}"), text(category and f"C{category}"), repr(rate / 100), time_ms(begin), time_ms(end))
        for seller, category, rate, begin, end in platform.policies))
    insert(put, "`Product`", "`id`, `sellerId`, `categoryCode`, `name`, `price`", (
        (text(f"product-{product}"), text(f"seller-{seller}"), text(category and f"C{category}"), text(name), str(price))
        for product, seller, category, name, price, *_ in platform.products))
    insert(put, "`Order`", "`id`, `orderNumber`, `userId`, `orderStatus`, `paymentStatus`, `totalAmount`, `couponDiscount`, `couponBearer`, "
           "`pointDiscount`, `shippingFee`, `finalAmount`, `paidAmount`, `refundedAmount`, `paymentMethod`, `paidAt`, `confirmedAt`, "
           "`createdAt`, `updatedAt`", (
               (text(f"order-{order.id}"), text(order.number), text(f"user-{order.user}"), text(order.status.upper()),
                text({"unpaid": "PENDING", "completed": "PAID", "partially_refunded": "PARTIAL_REFUNDED"}.get(
                    payment_status(order), payment_status(order).upper())),
                str(sum(item.list for item in order.items)), str(order.coupon), text(order.bearer.upper()), str(order.points),
                str(order.shipping), str(order.total), str(paid(order)), str(refunded(order)), text(order.method), time_ms(order.paid_ms),
                time_ms(order.confirmed_ms), time_ms(order.created_ms), time_ms(order.created_ms)) for order in platform.orders))
    insert(put, "`OrderItem`", "`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`", (
        (text(item.id), text(f"order-{order.id}"), text(f"product-{item.product[0]}"), str(item.quantity), str(item.price), str(item.list))
        for order in platform.orders for item in order.items))
    insert(put, "`Refund`", "`id`, `orderId`, `orderItemId`, `amount`, `reason`, `status`, `processedAt`", (
        (text(refund.id), text(f"order-{order.id}"), text(refund.item and refund.item.id), str(refund.amount), text("단순 변심"),
         text("REQUESTED" if refund.status == "pending" else refund.status.upper()), time_ms(refund.processed_ms)) for order in platform.orders for refund in order.refunds))


def write_invented(platform, put):
    insert(put, "TB_MEMBER", "MBR_SEQ, FAMILY_NM, GIVEN_NM, MAIL_ADDR, LANG_CD", (
        (str(i), text("고객"), text(str(i)), text(f"customer{i}@example.com"), text("E" if i % 2 == 0 else "K")) for i in range(1, 101)))
    insert(put, "TB_VENDOR", "VND_SEQ, VND_NM, MAIL_ADDR, FEE_BP, USE_YN", (
        (str(seller), text(name), text(f"seller{seller}@example.com"), number(rate), text("Y" if status == "active" else "N"))
        for seller, name, rate, status in platform.sellers))
    insert(put, "TB_GOODS_CLS", "CLS_CD, CLS_NM, FEE_BP", (
        (str(category), text(f"분류 {category}"), number(rate)) for category, _, rate in platform.categories))
    insert(put, "TB_GOODS", "GDS_SEQ, VND_SEQ, CLS_CD, GDS_NM, UNIT_AMT", (
        (str(product), str(seller), str(category), text(name), str(price)) for product, seller, category, name, price, *_ in platform.products))
    insert(put, "TB_ORD_MST", "ORD_SEQ, ORD_NO, MBR_SEQ, ORD_AMT, PAY_STS, FIX_DT, REG_DT", (
        (str(order.id), text(order.number), str(order.user), str(order.total), "0" if order.paid_ms is None else "20", kst(order.confirmed_ms),
         kst(order.created_ms)) for order in platform.orders))
    insert(put, "TB_PAY", "ORD_SEQ, PAY_AMT, RFND_AMT, PAY_KIND, PAY_DT", (
        (str(order.id), str(order.total), str(refunded(order)), text(order.method), kst(order.paid_ms))
        for order in platform.orders if order.paid_ms is not None))
    insert(put, "TB_ORD_DTL", "ORD_SEQ, LINE_NO, GDS_SEQ, ORD_QTY, UNIT_AMT, DEL_YN", (
        (str(order.id), str(item.id), str(item.product[0]), str(item.quantity), str(item.price), text("Y" if item.is_deleted else "N"))
        for order in platform.orders for item in order.items))
    insert(put, "TB_RFND", "RFND_SEQ, ORD_SEQ, LINE_NO, RFND_AMT, RFND_STS, RFND_DT", (
        (str(refund.id), str(order.id), number(refund.item and refund.item.id), str(refund.amount), str(REFUND_CODES[refund.status]),
         kst(refund.processed_ms)) for order in platform.orders for refund in order.refunds))


WRITERS = {"snake_case": write_snake_case, "camel_case": write_camel_case, "invented": write_invented}


def write(platform, put):
    # Texts of statements are read with backslashes as escapes: the server's default.
    put("SET NAMES utf8mb4;\nSET SESSION foreign_key_checks = 0, unique_checks = 0, autocommit = 0;\n")
    WRITERS[platform.kind](platform, put)
    put("COMMIT;\nSET SESSION foreign_key_checks = 1, unique_checks = 1, autocommit = 1;\n")
