-- Orders of which tests/services/test_settlement_platforms.c states every line: see there.
INSERT INTO products (id, seller_id, category_id, name, price, commission_rate, tax_type) VALUES
    (9001, 2, 2, '쌀', 1000, NULL, 'exempt'), (9002, 3, 3, '책', 1000, 7.25, 'exempt'), (9003, 2, NULL, '컵', 1000, NULL, 'taxable');

-- 1: coupon and points that do not divide evenly, a shipping fee, refunds of every kind.
INSERT INTO orders (id, order_number, user_id, total_amount, shipping_fee, discount_amount, discount_bearer, points_used,
    status, payment_status, payment_method, paid_amount, refunded_amount, created_at, confirmed_at)
VALUES (90001, 'SET-1', 1, 4500, 3000, 1000, 'seller', 500, 'confirmed', 'partially_refunded', 'card', 4500, 910,
    '2026-01-31 23:59:59', '2026-02-01 00:00:00');
INSERT INTO order_items (id, order_id, product_id, product_name, price, quantity, total_price) VALUES
    (99999, 90001, 9001, '쌀', 500, 2, 1000), (100000, 90001, 9002, '책', 1000, 1, 1000), (100001, 90001, 9003, '컵', 1000, 1, 1000);
INSERT INTO refunds (id, order_id, order_item_id, amount, status, processed_at) VALUES
    (9, 90001, 99999, 10, 'completed', '2026-01-31 23:59:59'), (10, 90001, 100000, 400, 'completed', '2026-02-01 00:00:00'),
    (11, 90001, NULL, 500, 'completed', '2026-02-11 01:02:03'), (12, 90001, 100001, 1, 'rejected', '2026-02-12'),
    (13, 90001, NULL, 1, 'pending', NULL);

-- 2: never confirmed, paid back.
INSERT INTO orders (id, order_number, user_id, total_amount, status, payment_status, paid_amount, refunded_amount)
VALUES (90002, 'SET-2', 1, 1000, 'refunded', 'refunded', 1000, 1000);
INSERT INTO order_items (id, order_id, product_id, product_name, price, quantity, total_price) VALUES
    (200201, 90002, 9001, '쌀', 1000, 1, 1000);
INSERT INTO refunds (order_id, order_item_id, amount, status, processed_at) VALUES
    (90002, 200201, 300, 'completed', '2026-02-03'), (90002, NULL, 700, 'completed', '2026-02-03');

-- 3: cancelled after the confirmation, between two refunds; by cash.
INSERT INTO orders (id, order_number, user_id, total_amount, shipping_fee, status, payment_status, payment_method,
    cash_receipt_number, paid_amount, refunded_amount, created_at, confirmed_at, cancelled_at)
VALUES (90003, 'SET-3', 1, 3500, 2500, 'cancelled', 'cancelled', 'transfer', '010-0000-0000', 3500, 3500,
    '2026-02-02 00:00:00', '2026-02-04 00:00:00', '2026-02-06 00:00:00');
INSERT INTO order_items (id, order_id, product_id, product_name, price, quantity, total_price) VALUES
    (200301, 90003, 9003, '컵', 1000, 1, 1000);
INSERT INTO refunds (id, order_id, order_item_id, amount, status, processed_at) VALUES
    (31, 90003, 200301, 250, 'completed', '2026-02-05 23:59:59'), (32, 90003, NULL, 3250, 'completed', '2026-02-06 00:00:00'),
    (33, 90003, NULL, 1, 'completed', NULL);

-- 4: names, and paid whole by coupon and points.
INSERT INTO orders (id, order_number, user_id, total_amount, discount_amount, points_used, status, payment_status, created_at, confirmed_at)
VALUES (90004, '=SET-4', 1, 0, 1, 2, 'confirmed', 'completed', '2026-02-05 00:00:00', '2026-02-05 00:00:00');
INSERT INTO order_items (id, order_id, product_id, product_name, price, quantity, total_price) VALUES
    (200401, 90004, 9001, '''; DROP TABLE orders; -- ', 1, 1, 1), (200402, 90004, 9001, '=HYPERLINK("x")\\%_', 1, 1, 1),
    (200403, 90004, 9001, '<b>🍚</b>,|', 1, 1, 1);

-- 5: not whole.
INSERT INTO orders (id, order_number, user_id, total_amount, discount_amount, points_used, shipping_fee, status, payment_status, created_at, confirmed_at)
VALUES (90005, 'SET-5', 1, 0, 10.5, 0.25, 2500.5, 'confirmed', 'completed', '2026-02-06 00:00:00', '2026-02-06 00:00:00');
INSERT INTO order_items (id, order_id, product_id, product_name, price, quantity, total_price) VALUES
    (200501, 90005, 9001, '쌀', 1000.5, 1, 1000.5);
INSERT INTO refunds (id, order_id, order_item_id, amount, status, processed_at) VALUES (51, 90005, 200501, 0.5, 'completed', NULL);

-- 6: cancelled without a time, or before it was confirmed; 7: a cancellation that was taken back.
INSERT INTO orders (id, order_number, user_id, total_amount, status, payment_status, created_at, confirmed_at, cancelled_at) VALUES
    (90006, 'SET-6', 1, 1000, 'cancelled', 'completed', '2026-02-06 00:00:00', '2026-02-07 00:00:00', NULL),
    (90007, 'SET-7', 1, 1000, 'confirmed', 'completed', '2026-02-06 00:00:00', '2026-02-08 00:00:00', '2026-02-07 00:00:00');
INSERT INTO order_items (id, order_id, product_id, product_name, price, quantity, total_price) VALUES
    (200601, 90006, 9001, '쌀', 1000, 1, 1000), (200701, 90007, 9001, '쌀', 1000, 1, 1000);
