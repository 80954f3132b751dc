-- @orders orders as README.md describes them.
SET @orders = COALESCE(@orders, 10);

CREATE TEMPORARY TABLE seed_numbers (i INT NOT NULL PRIMARY KEY) ENGINE = InnoDB
SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS i
FROM (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
      UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) a
    JOIN (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) b
    JOIN (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) c
    JOIN (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) d
    JOIN (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
          UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) e
HAVING i <= GREATEST(@orders, 100);

INSERT INTO users (id, email, name, preferred_language)
SELECT i, CONCAT('customer', i, '@example.com'), CONCAT('고객 ', i), IF(i MOD 2 = 0, 'en', 'ko')
FROM seed_numbers WHERE i <= 100;

INSERT INTO sellers (id, name, email, business_name, commission_rate, status) VALUES
    (1, '김판매', 'seller1@example.com', '하나상점', 3.50, 'active'),
    (2, '이판매', 'seller2@example.com', '두리상점', NULL, 'active'),
    (3, '박판매', 'seller3@example.com', '세찬상점', NULL, 'active'),
    (4, '최판매', 'seller4@example.com', '네모상점', NULL, 'suspended');

INSERT INTO categories (id, parent_id, name, commission_rate) VALUES
    (1, NULL, '의류', 10.00), (2, NULL, '식품', 5.50), (3, NULL, '도서', NULL);

INSERT INTO products (id, seller_id, category_id, name, price)
SELECT i, 1 + i MOD 4, 1 + i MOD 3, CONCAT('상품 ', i), IF(i <= 10, 10000, 2500)
FROM seed_numbers WHERE i <= 20;

INSERT INTO orders (id, order_number, user_id, total_amount, created_at)
SELECT i, CONCAT('ORD-', LPAD(i, 6, '0')), 1 + (i - 1) MOD 100,
    10000 + 100 * (i MOD 50) + IF(i MOD 2 = 0, 5000, 0), '2026-01-01 00:00:00' + INTERVAL i MINUTE
FROM seed_numbers WHERE i <= @orders;

INSERT INTO order_items (order_id, product_id, product_name, price, quantity, total_price)
SELECT i, 1 + i MOD 5, CONCAT('상품 ', 1 + i MOD 5), 10000 + 100 * (i MOD 50), 1, 10000 + 100 * (i MOD 50)
FROM seed_numbers WHERE i <= @orders
UNION ALL
SELECT i, 11 + i MOD 5, CONCAT('상품 ', 11 + i MOD 5), 2500, 2, 5000
FROM seed_numbers WHERE i <= @orders AND i MOD 2 = 0
ORDER BY 1, 2;

DROP TEMPORARY TABLE seed_numbers;
