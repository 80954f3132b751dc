-- Prices, coupons and points like random ones, the same in each run; of every third order all is paid by them.
UPDATE order_items SET price = 1 + CRC32(id) MOD 9999, quantity = 1 + id MOD 3 WHERE order_id <= 2400;
INSERT INTO order_items (order_id, product_id, product_name, price, quantity, total_price)
SELECT order_id, product_id, product_name, 1 + price DIV 2, 1, 0 FROM order_items WHERE order_id <= 2400;
UPDATE orders o JOIN (SELECT order_id, SUM(price * quantity) AS total FROM order_items GROUP BY order_id) t ON t.order_id = o.id
SET o.discount_amount = CRC32(CONCAT('coupon', o.id)) MOD (t.total + 1), o.discount_bearer = IF(o.id MOD 2, 'seller', 'platform'),
    o.status = 'confirmed', o.confirmed_at = o.created_at
WHERE o.id <= 2400;
UPDATE orders o JOIN (SELECT order_id, SUM(price * quantity) AS total FROM order_items GROUP BY order_id) t ON t.order_id = o.id
SET o.points_used = IF(o.id MOD 3 = 0, t.total - o.discount_amount,
    CRC32(CONCAT('points', o.id)) MOD (t.total - o.discount_amount + 1))
WHERE o.id <= 2400;
