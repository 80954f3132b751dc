-- What the platform itself writes for `make local`, in the tables of tests/services/platforms/snake_case with a
-- seed of 1,000 orders: a January of settled orders with every kind of discount, refund and cancellation, and
-- the orders of today, which webhooks pay (market_day.mjs). Times are UTC: KST less nine hours.

UPDATE sellers SET business_number = CONCAT('120-81-0000', id), status = 'active';
UPDATE products SET tax_type = IF(category_id = 3, 'exempt', 'taxable');
UPDATE products SET commission_rate = 7.25 WHERE id = 5;

-- ---------------------------------------------------------------------- January

UPDATE orders SET created_at = '2025-12-29 03:00:00' + INTERVAL id * 43 MINUTE;
UPDATE orders SET shipping_fee = 3000 WHERE id MOD 4 = 0;
UPDATE orders SET discount_amount = 1000 * (1 + id MOD 3), discount_bearer = IF(id MOD 2 = 0, 'seller', 'platform')
WHERE id MOD 7 = 0;
UPDATE orders SET points_used = 517 WHERE id MOD 11 = 0;
UPDATE orders o
SET total_amount = (SELECT SUM(total_price) FROM order_items i WHERE i.order_id = o.id)
    + shipping_fee - discount_amount - points_used;

UPDATE orders
SET status = 'confirmed', payment_status = 'completed', paid_amount = total_amount,
    payment_method = ELT(1 + id MOD 3, 'card', 'transfer', '카드'), transaction_id = CONCAT('T-', id),
    cash_receipt_number = IF(id MOD 5 = 2, CONCAT('0100000', LPAD(id, 4, '0')), NULL),
    paid_at = created_at + INTERVAL 2 MINUTE, shipped_at = created_at + INTERVAL 1 DAY,
    delivered_at = created_at + INTERVAL 2 DAY, confirmed_at = created_at + INTERVAL 50 + id MOD 20 HOUR;
-- The last second of January in Korea, and the first of February.
UPDATE orders SET confirmed_at = '2026-01-31 14:59:59' WHERE id = 999;
UPDATE orders SET confirmed_at = '2026-01-31 15:00:00' WHERE id = 1000;
-- Not confirmed: not settled.
UPDATE orders SET status = 'delivered', confirmed_at = NULL WHERE id MOD 50 = 13;

-- Refunds: of a part, twice of one item, of all, before the confirmation, weeks later, and rejected.
INSERT INTO refunds (order_id, order_item_id, amount, reason, status, processed_at)
SELECT id, NULL, 3333, '일부 파손', 'completed', confirmed_at + INTERVAL 1 DAY FROM orders WHERE id MOD 20 = 3
UNION ALL
SELECT o.id, i.id, 2001, '색상 다름', 'completed', o.confirmed_at + INTERVAL n.n * 5 DAY
FROM orders o JOIN order_items i ON i.order_id = o.id AND i.quantity = 1 JOIN (SELECT 1 AS n UNION SELECT 2) n
WHERE o.id MOD 30 = 5
UNION ALL
SELECT id, NULL, paid_amount, '단순 변심', 'completed', confirmed_at + INTERVAL 3 DAY FROM orders WHERE id MOD 90 = 7
UNION ALL
SELECT id, NULL, 700, '배송 지연', 'completed', confirmed_at - INTERVAL 5 HOUR FROM orders WHERE id MOD 40 = 18
UNION ALL
SELECT id, NULL, 900, '사유 불충분', 'rejected', confirmed_at + INTERVAL 1 DAY FROM orders WHERE id MOD 60 = 11;
DELETE FROM refunds WHERE processed_at IS NULL;
UPDATE orders o SET refunded_amount = COALESCE((SELECT SUM(amount) FROM refunds r WHERE r.order_id = o.id AND r.status = 'completed'), 0);
UPDATE orders SET status = 'refunded', payment_status = 'refunded' WHERE refunded_amount = paid_amount AND status = 'confirmed';
UPDATE orders SET payment_status = 'partially_refunded' WHERE refunded_amount > 0 AND payment_status = 'completed';

-- Cancelled after the confirmation.
UPDATE orders SET status = 'cancelled', cancelled_at = confirmed_at + INTERVAL 30 HOUR WHERE id MOD 125 = 9 AND status = 'confirmed';

-- ---------------------------------------------------------------------- today

INSERT INTO products (id, seller_id, category_id, name, price, tax_type) VALUES
    (101, 1, 1, '한라봉색 니트', 28000, 'taxable'),
    (102, 2, 2, '제주 감귤 5kg', 19900, 'taxable'),
    (103, 3, NULL, '=HYPERLINK("https://evil.example";"<script>alert(1)</script>")', 7777, 'taxable'),
    (104, 4, 3, '시집 『바다의 시간』', 12000, 'exempt'),
    (105, 2, NULL, '손뜨개 컵받침', 3500, 'taxable');

-- Order numbers of digits alone, which a spreadsheet would round. @today: of Korea, 20260208.
INSERT INTO orders (id, order_number, user_id, total_amount, shipping_fee, discount_amount, discount_bearer, points_used, created_at)
SELECT 2000 + n, CONCAT(@today, LPAD(n, 6, '0')), n, total, fee, coupon, bearer, points, UTC_TIMESTAMP() - INTERVAL 250 - n MINUTE
FROM (
    SELECT 1 AS n, 62900 AS total, 3000 AS fee, 5000 AS coupon, 'platform' AS bearer, 2000 AS points
    UNION ALL SELECT 2, 26000, 0, 2000, 'seller', 0
    UNION ALL SELECT 3, 23331, 0, 0, 'platform', 0
    UNION ALL SELECT 4, 29000, 2500, 0, 'platform', 1000
    UNION ALL SELECT 5, 12000, 0, 0, 'platform', 0
) o;
INSERT INTO order_items (order_id, product_id, product_name, price, quantity, total_price)
SELECT o.order_id, p.id, p.name, p.price, o.quantity, p.price * o.quantity
FROM (
    SELECT 2001 AS order_id, 101 AS product_id, 1 AS quantity
    UNION ALL SELECT 2001, 102, 1
    UNION ALL SELECT 2001, 105, 2
    UNION ALL SELECT 2001, 104, 1
    UNION ALL SELECT 2002, 101, 1
    UNION ALL SELECT 2003, 103, 3
    UNION ALL SELECT 2004, 104, 2
    UNION ALL SELECT 2004, 105, 1
    UNION ALL SELECT 2005, 104, 1
) o JOIN products p ON p.id = o.product_id
ORDER BY o.order_id, p.id;
UPDATE orders SET cash_receipt_number = '01012345678' WHERE id = 2003;
