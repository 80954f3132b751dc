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

INSERT INTO `User` (`id`, `email`, `name`, `locale`)
SELECT CONCAT('user-', i), CONCAT('customer', i, '@example.com'), CONCAT('고객 ', i), IF(i MOD 2 = 0, 'EN', 'KO')
FROM seed_numbers WHERE i <= 100;

INSERT INTO `User` (`id`, `email`, `name`) VALUES
    ('seller-user-1', 'seller1@example.com', '김판매'), ('seller-user-2', 'seller2@example.com', '이판매'),
    ('seller-user-3', 'seller3@example.com', '박판매'), ('seller-user-4', 'seller4@example.com', '최판매');

INSERT INTO `sellers` (`id`, `userId`, `shop_name`, `status`) VALUES
    ('seller-1', 'seller-user-1', '하나상점', 'APPROVED'), ('seller-2', 'seller-user-2', '두리상점', 'APPROVED'),
    ('seller-3', 'seller-user-3', '세찬상점', 'APPROVED'), ('seller-4', 'seller-user-4', '네모상점', 'SUSPENDED');

INSERT INTO `Category` (`code`, `name`) VALUES ('CLOTHES', '의류'), ('FOOD', '식품'), ('BOOKS', '도서');

INSERT INTO `CommissionPolicy` (`sellerId`, `categoryCode`, `rate`, `effectiveDate`, `endDate`) VALUES
    ('seller-1', NULL, 3.5, '2025-01-01', NULL),
    (NULL, 'CLOTHES', 12, '2025-01-01', '2025-12-31 15:00:00'), (NULL, 'CLOTHES', 10, '2025-12-31 15:00:00', NULL),
    (NULL, 'FOOD', 5.5, '2025-01-01', NULL);

INSERT INTO `Product` (`id`, `sellerId`, `categoryCode`, `name`, `price`)
SELECT CONCAT('product-', i), CONCAT('seller-', 1 + i MOD 4), ELT(1 + i MOD 3, 'CLOTHES', 'FOOD', 'BOOKS'),
    CONCAT('상품 ', i), IF(i <= 10, 10000, 2500)
FROM seed_numbers WHERE i <= 20;

INSERT INTO `Order` (`id`, `orderNumber`, `userId`, `totalAmount`, `finalAmount`, `createdAt`, `updatedAt`)
SELECT CONCAT('order-', i), CONCAT('ORD-', LPAD(i, 6, '0')), CONCAT('user-', 1 + (i - 1) MOD 100),
    10000 + 100 * (i MOD 50) + IF(i MOD 2 = 0, 5000, 0), 10000 + 100 * (i MOD 50) + IF(i MOD 2 = 0, 5000, 0),
    '2026-01-01 00:00:00' + INTERVAL i MINUTE, '2026-01-01 00:00:00' + INTERVAL i MINUTE
FROM seed_numbers WHERE i <= @orders;

INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`)
SELECT CONCAT('item-', i, '-1'), CONCAT('order-', i), CONCAT('product-', 1 + i MOD 5), 1, 10000 + 100 * (i MOD 50),
    10000 + 100 * (i MOD 50)
FROM seed_numbers WHERE i <= @orders
UNION ALL
SELECT CONCAT('item-', i, '-2'), CONCAT('order-', i), CONCAT('product-', 11 + i MOD 5), 2, 2500, 5000
FROM seed_numbers WHERE i <= @orders AND i MOD 2 = 0;

DROP TEMPORARY TABLE seed_numbers;
