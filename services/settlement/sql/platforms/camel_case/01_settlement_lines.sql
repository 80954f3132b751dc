-- The lines of each confirmed order. Products and the shipping fee are settled when the purchase is
-- confirmed; refunds when they are processed, but not before the confirmation.
--
-- One branch for each kind and time: seller, kind and time are each a column or a constant there, so that
-- conditions on them use the indexes.
--
-- The coupon is shared over the products in proportion to their list prices, the points in proportion to
-- what the coupon leaves of each product. Cumulative shares are rounded down (DIV is exact for DECIMAL), so
-- that the shares of an order sum to the whole. A coupon or points that are not whole won are passed on.
-- The shipping fee belongs to the seller of the order's first product.
--
-- Amounts are floating numbers. Those of a line are passed on unchanged; only operands of a division are
-- cast. The platform records no time of a cancellation: a refund of the whole order stands for it.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW settlement_lines AS
SELECT
    seller_id,
    order_id,
    item_id,
    '' AS event_id,
    'sale' AS kind,
    'item' AS scope,
    ordered_at,
    settled_at,
    product_name,
    category,
    tax,
    payment,
    quantity,
    unit_price_won,
    list_won,
    CASE
        WHEN bearer = 'PLATFORM' OR coupon = 0 THEN 0
        WHEN coupon <> FLOOR(coupon) OR coupon > 1e12 THEN coupon
        ELSE coupon_exact * upto DIV total - coupon_exact * (upto - list_exact) DIV total
    END AS seller_coupon_won,
    0 AS seller_points_won,
    CASE
        WHEN bearer = 'SELLER' OR coupon = 0 THEN 0
        WHEN coupon <> FLOOR(coupon) OR coupon > 1e12 THEN coupon
        ELSE coupon_exact * upto DIV total - coupon_exact * (upto - list_exact) DIV total
    END AS platform_coupon_won,
    CASE
        WHEN points = 0 THEN 0
        WHEN points <> FLOOR(points) OR points > 1e12 THEN points
        ELSE points_exact * (upto - coupon_exact * upto DIV total) DIV (total - coupon_exact)
            - points_exact * ((upto - list_exact) - coupon_exact * (upto - list_exact) DIV total) DIV (total - coupon_exact)
    END AS platform_points_won,
    NULL AS refund_won,
    rate_percent
FROM (
    SELECT
        p.`sellerId` AS seller_id,
        o.`orderNumber` AS order_id,
        i.`id` AS item_id,
        o.`createdAt` AS ordered_at,
        o.`confirmedAt` AS settled_at,
        p.`name` AS product_name,
        p.`categoryCode` AS category,
        CAST(NULL AS CHAR) AS tax,
        IF(o.`paymentMethod` IN ('card', '카드'), 'card', 'other') AS payment,
        i.`quantity` AS quantity,
        i.`unitPrice` AS unit_price_won,
        i.`unitPrice` * i.`quantity` AS list_won,
        CAST(NULL AS DECIMAL(5, 2)) AS rate_percent,
        o.`couponBearer` AS bearer,
        o.`couponDiscount` AS coupon,
        o.`pointDiscount` AS points,
        CAST(o.`couponDiscount` AS DECIMAL(30, 0)) AS coupon_exact,
        CAST(o.`pointDiscount` AS DECIMAL(30, 0)) AS points_exact,
        CAST(i.`unitPrice` * i.`quantity` AS DECIMAL(30, 4)) AS list_exact,
        (SELECT SUM(CAST(b.`unitPrice` * b.`quantity` AS DECIMAL(30, 4))) FROM `OrderItem` b
            WHERE b.`orderId` = i.`orderId` AND b.`id` <= i.`id`) AS upto,
        (SELECT SUM(CAST(b.`unitPrice` * b.`quantity` AS DECIMAL(30, 4))) FROM `OrderItem` b
            WHERE b.`orderId` = i.`orderId`) AS total
    FROM `Order` o
        JOIN `OrderItem` i ON i.`orderId` = o.`id`
        JOIN `Product` p ON p.`id` = i.`productId`
    WHERE o.`confirmedAt` IS NOT NULL
) x
UNION ALL
SELECT
    p.`sellerId` AS seller_id,
    o.`orderNumber` AS order_id,
    'shipping' AS item_id,
    '' AS event_id,
    'shipping' AS kind,
    'item' AS scope,
    o.`createdAt` AS ordered_at,
    o.`confirmedAt` AS settled_at,
    '' AS product_name,
    NULL AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(o.`paymentMethod` IN ('card', '카드'), 'card', 'other') AS payment,
    1 AS quantity,
    o.`shippingFee` AS unit_price_won,
    o.`shippingFee` AS list_won,
    0 AS seller_coupon_won,
    0 AS seller_points_won,
    0 AS platform_coupon_won,
    0 AS platform_points_won,
    NULL AS refund_won,
    NULL AS rate_percent
FROM `Order` o
    JOIN `OrderItem` i ON i.`orderId` = o.`id`
        AND i.`id` = (SELECT MIN(b.`id`) FROM `OrderItem` b WHERE b.`orderId` = o.`id`)
    JOIN `Product` p ON p.`id` = i.`productId`
WHERE o.`confirmedAt` IS NOT NULL AND o.`shippingFee` <> 0
UNION ALL
SELECT
    p.`sellerId` AS seller_id,
    o.`orderNumber` AS order_id,
    i.`id` AS item_id,
    r.`id` AS event_id,
    'refund' AS kind,
    IF(r.`orderItemId` IS NULL, 'order', 'item') AS scope,
    o.`createdAt` AS ordered_at,
    r.`processedAt` AS settled_at,
    p.`name` AS product_name,
    p.`categoryCode` AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(o.`paymentMethod` IN ('card', '카드'), 'card', 'other') AS payment,
    0 AS quantity,
    i.`unitPrice` AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.`amount` AS refund_won,
    CAST(NULL AS DECIMAL(5, 2)) AS rate_percent
FROM `Order` o
    JOIN `OrderItem` i ON i.`orderId` = o.`id`
    JOIN `Product` p ON p.`id` = i.`productId`
    JOIN `Refund` r ON r.`orderId` = o.`id` AND (r.`orderItemId` = i.`id` OR r.`orderItemId` IS NULL)
WHERE r.`status` = 'COMPLETED'
    AND r.`processedAt` >= o.`confirmedAt`
UNION ALL
SELECT
    p.`sellerId` AS seller_id,
    o.`orderNumber` AS order_id,
    'shipping' AS item_id,
    r.`id` AS event_id,
    'refund' AS kind,
    'order' AS scope,
    o.`createdAt` AS ordered_at,
    r.`processedAt` AS settled_at,
    '' AS product_name,
    NULL AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(o.`paymentMethod` IN ('card', '카드'), 'card', 'other') AS payment,
    0 AS quantity,
    o.`shippingFee` AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.`amount` AS refund_won,
    NULL AS rate_percent
FROM `Order` o
    JOIN `OrderItem` i ON i.`orderId` = o.`id`
        AND i.`id` = (SELECT MIN(b.`id`) FROM `OrderItem` b WHERE b.`orderId` = o.`id`)
    JOIN `Product` p ON p.`id` = i.`productId`
    JOIN `Refund` r ON r.`orderId` = o.`id` AND r.`orderItemId` IS NULL
WHERE r.`status` = 'COMPLETED'
    AND r.`processedAt` >= o.`confirmedAt`
    AND o.`shippingFee` <> 0
UNION ALL
SELECT
    p.`sellerId` AS seller_id,
    o.`orderNumber` AS order_id,
    i.`id` AS item_id,
    r.`id` AS event_id,
    'refund' AS kind,
    IF(r.`orderItemId` IS NULL, 'order', 'item') AS scope,
    o.`createdAt` AS ordered_at,
    o.`confirmedAt` AS settled_at,
    p.`name` AS product_name,
    p.`categoryCode` AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(o.`paymentMethod` IN ('card', '카드'), 'card', 'other') AS payment,
    0 AS quantity,
    i.`unitPrice` AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.`amount` AS refund_won,
    CAST(NULL AS DECIMAL(5, 2)) AS rate_percent
FROM `Order` o
    JOIN `OrderItem` i ON i.`orderId` = o.`id`
    JOIN `Product` p ON p.`id` = i.`productId`
    JOIN `Refund` r ON r.`orderId` = o.`id` AND (r.`orderItemId` = i.`id` OR r.`orderItemId` IS NULL)
WHERE r.`status` = 'COMPLETED'
    AND o.`confirmedAt` IS NOT NULL AND (r.`processedAt` < o.`confirmedAt` OR r.`processedAt` IS NULL)
UNION ALL
SELECT
    p.`sellerId` AS seller_id,
    o.`orderNumber` AS order_id,
    'shipping' AS item_id,
    r.`id` AS event_id,
    'refund' AS kind,
    'order' AS scope,
    o.`createdAt` AS ordered_at,
    o.`confirmedAt` AS settled_at,
    '' AS product_name,
    NULL AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(o.`paymentMethod` IN ('card', '카드'), 'card', 'other') AS payment,
    0 AS quantity,
    o.`shippingFee` AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.`amount` AS refund_won,
    NULL AS rate_percent
FROM `Order` o
    JOIN `OrderItem` i ON i.`orderId` = o.`id`
        AND i.`id` = (SELECT MIN(b.`id`) FROM `OrderItem` b WHERE b.`orderId` = o.`id`)
    JOIN `Product` p ON p.`id` = i.`productId`
    JOIN `Refund` r ON r.`orderId` = o.`id` AND r.`orderItemId` IS NULL
WHERE r.`status` = 'COMPLETED'
    AND o.`confirmedAt` IS NOT NULL AND (r.`processedAt` < o.`confirmedAt` OR r.`processedAt` IS NULL)
    AND o.`shippingFee` <> 0
