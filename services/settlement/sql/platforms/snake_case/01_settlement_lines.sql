-- The lines of each confirmed order. Products and the shipping fee are settled when the purchase is
-- confirmed; refunds and a cancellation when they are processed, but not before the confirmation.
--
-- One branch for each kind and time: seller, kind and time are each a column or a constant there, so that
-- conditions on them use the indexes.
--
-- The coupon is shared over the products in proportion to their list prices, the points in proportion to
-- what the coupon leaves of each product. Cumulative shares are rounded down (DIV is exact for DECIMAL), so
-- that the shares of an order sum to the whole. A coupon or points that are not whole won are passed on.
-- The shipping fee belongs to the seller of the order's first product.
--
-- A cancelled order has one cancellation, which takes back all that remains at that time. Refunds processed
-- from that time on pay the cancellation back, and have no lines.
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
        WHEN bearer = 'platform' OR coupon = 0 THEN 0
        WHEN coupon <> FLOOR(coupon) THEN coupon
        ELSE coupon * upto DIV total - coupon * (upto - list_won) DIV total
    END AS seller_coupon_won,
    0 AS seller_points_won,
    CASE
        WHEN bearer = 'seller' OR coupon = 0 THEN 0
        WHEN coupon <> FLOOR(coupon) THEN coupon
        ELSE coupon * upto DIV total - coupon * (upto - list_won) DIV total
    END AS platform_coupon_won,
    CASE
        WHEN points = 0 THEN 0
        WHEN points <> FLOOR(points) THEN points
        ELSE points * (upto - coupon * upto DIV total) DIV (total - coupon)
            - points * ((upto - list_won) - coupon * (upto - list_won) DIV total) DIV (total - coupon)
    END AS platform_points_won,
    NULL AS refund_won,
    rate_percent
FROM (
    SELECT
        p.seller_id AS seller_id,
        o.order_number AS order_id,
        CAST(i.id AS CHAR) AS item_id,
        o.created_at AS ordered_at,
        o.confirmed_at AS settled_at,
        i.product_name AS product_name,
        CAST(p.category_id AS CHAR) AS category,
        p.tax_type AS tax,
        CASE
                WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
                WHEN o.payment_method IN ('card', '카드') THEN 'card'
                ELSE 'other'
            END AS payment,
        CAST(i.quantity AS SIGNED) AS quantity,
        i.price AS unit_price_won,
        i.price * i.quantity AS list_won,
        p.commission_rate AS rate_percent,
        o.discount_bearer AS bearer,
        o.discount_amount AS coupon,
        o.points_used AS points,
        (SELECT SUM(b.price * b.quantity) FROM order_items b WHERE b.order_id = i.order_id AND b.id <= i.id) AS upto,
        (SELECT SUM(b.price * b.quantity) FROM order_items b WHERE b.order_id = i.order_id) AS total
    FROM orders o
        JOIN order_items i ON i.order_id = o.id
        JOIN products p ON p.id = i.product_id
    WHERE o.confirmed_at IS NOT NULL
) x
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    'shipping' AS item_id,
    '' AS event_id,
    'shipping' AS kind,
    'item' AS scope,
    o.created_at AS ordered_at,
    o.confirmed_at AS settled_at,
    '' AS product_name,
    NULL AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    1 AS quantity,
    o.shipping_fee AS unit_price_won,
    o.shipping_fee AS list_won,
    0 AS seller_coupon_won,
    0 AS seller_points_won,
    0 AS platform_coupon_won,
    0 AS platform_points_won,
    NULL AS refund_won,
    NULL AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
        AND i.id = (SELECT MIN(b.id) FROM order_items b WHERE b.order_id = o.id)
    JOIN products p ON p.id = i.product_id
WHERE o.confirmed_at IS NOT NULL AND o.shipping_fee <> 0
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    CAST(i.id AS CHAR) AS item_id,
    CAST(r.id AS CHAR) AS event_id,
    'refund' AS kind,
    IF(r.order_item_id IS NULL, 'order', 'item') AS scope,
    o.created_at AS ordered_at,
    r.processed_at AS settled_at,
    i.product_name AS product_name,
    CAST(p.category_id AS CHAR) AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    0 AS quantity,
    i.price AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.amount AS refund_won,
    p.commission_rate AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
    JOIN products p ON p.id = i.product_id
    JOIN refunds r ON r.order_id = o.id AND (r.order_item_id = i.id OR r.order_item_id IS NULL)
WHERE r.status = 'completed'
    AND r.processed_at >= o.confirmed_at
    AND (o.status <> 'cancelled' OR r.processed_at < o.cancelled_at)
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    'shipping' AS item_id,
    CAST(r.id AS CHAR) AS event_id,
    'refund' AS kind,
    'order' AS scope,
    o.created_at AS ordered_at,
    r.processed_at AS settled_at,
    '' AS product_name,
    NULL AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    0 AS quantity,
    o.shipping_fee AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.amount AS refund_won,
    NULL AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
        AND i.id = (SELECT MIN(b.id) FROM order_items b WHERE b.order_id = o.id)
    JOIN products p ON p.id = i.product_id
    JOIN refunds r ON r.order_id = o.id AND r.order_item_id IS NULL
WHERE r.status = 'completed'
    AND r.processed_at >= o.confirmed_at
    AND (o.status <> 'cancelled' OR r.processed_at < o.cancelled_at)
    AND o.shipping_fee <> 0
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    CAST(i.id AS CHAR) AS item_id,
    CAST(r.id AS CHAR) AS event_id,
    'refund' AS kind,
    IF(r.order_item_id IS NULL, 'order', 'item') AS scope,
    o.created_at AS ordered_at,
    o.confirmed_at AS settled_at,
    i.product_name AS product_name,
    CAST(p.category_id AS CHAR) AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    0 AS quantity,
    i.price AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.amount AS refund_won,
    p.commission_rate AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
    JOIN products p ON p.id = i.product_id
    JOIN refunds r ON r.order_id = o.id AND (r.order_item_id = i.id OR r.order_item_id IS NULL)
WHERE r.status = 'completed'
    AND o.confirmed_at IS NOT NULL AND (r.processed_at < o.confirmed_at OR r.processed_at IS NULL)
    AND (o.status <> 'cancelled' OR r.processed_at < o.cancelled_at)
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    'shipping' AS item_id,
    CAST(r.id AS CHAR) AS event_id,
    'refund' AS kind,
    'order' AS scope,
    o.created_at AS ordered_at,
    o.confirmed_at AS settled_at,
    '' AS product_name,
    NULL AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    0 AS quantity,
    o.shipping_fee AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    r.amount AS refund_won,
    NULL AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
        AND i.id = (SELECT MIN(b.id) FROM order_items b WHERE b.order_id = o.id)
    JOIN products p ON p.id = i.product_id
    JOIN refunds r ON r.order_id = o.id AND r.order_item_id IS NULL
WHERE r.status = 'completed'
    AND o.confirmed_at IS NOT NULL AND (r.processed_at < o.confirmed_at OR r.processed_at IS NULL)
    AND (o.status <> 'cancelled' OR r.processed_at < o.cancelled_at)
    AND o.shipping_fee <> 0
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    CAST(i.id AS CHAR) AS item_id,
    'cancellation-of-the-order' AS event_id,
    'cancel' AS kind,
    'order' AS scope,
    o.created_at AS ordered_at,
    o.cancelled_at AS settled_at,
    i.product_name AS product_name,
    CAST(p.category_id AS CHAR) AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    NULL AS quantity,
    i.price AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    NULL AS refund_won,
    p.commission_rate AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
    JOIN products p ON p.id = i.product_id
WHERE o.status = 'cancelled'
    AND o.cancelled_at >= o.confirmed_at
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    'shipping' AS item_id,
    'cancellation-of-the-order' AS event_id,
    'cancel' AS kind,
    'order' AS scope,
    o.created_at AS ordered_at,
    o.cancelled_at AS settled_at,
    '' AS product_name,
    NULL AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    NULL AS quantity,
    o.shipping_fee AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    NULL AS refund_won,
    NULL AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
        AND i.id = (SELECT MIN(b.id) FROM order_items b WHERE b.order_id = o.id)
    JOIN products p ON p.id = i.product_id
WHERE o.status = 'cancelled'
    AND o.cancelled_at >= o.confirmed_at
    AND o.shipping_fee <> 0
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    CAST(i.id AS CHAR) AS item_id,
    'cancellation-of-the-order' AS event_id,
    'cancel' AS kind,
    'order' AS scope,
    o.created_at AS ordered_at,
    o.confirmed_at AS settled_at,
    i.product_name AS product_name,
    CAST(p.category_id AS CHAR) AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    NULL AS quantity,
    i.price AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    NULL AS refund_won,
    p.commission_rate AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
    JOIN products p ON p.id = i.product_id
WHERE o.status = 'cancelled'
    AND o.confirmed_at IS NOT NULL AND (o.cancelled_at < o.confirmed_at OR o.cancelled_at IS NULL)
UNION ALL
SELECT
    p.seller_id AS seller_id,
    o.order_number AS order_id,
    'shipping' AS item_id,
    'cancellation-of-the-order' AS event_id,
    'cancel' AS kind,
    'order' AS scope,
    o.created_at AS ordered_at,
    o.confirmed_at AS settled_at,
    '' AS product_name,
    NULL AS category,
    p.tax_type AS tax,
    CASE
        WHEN o.cash_receipt_number <> '' THEN 'cash_receipt'
        WHEN o.payment_method IN ('card', '카드') THEN 'card'
        ELSE 'other'
    END AS payment,
    NULL AS quantity,
    o.shipping_fee AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    NULL AS refund_won,
    NULL AS rate_percent
FROM orders o
    JOIN order_items i ON i.order_id = o.id
        AND i.id = (SELECT MIN(b.id) FROM order_items b WHERE b.order_id = o.id)
    JOIN products p ON p.id = i.product_id
WHERE o.status = 'cancelled'
    AND o.confirmed_at IS NOT NULL AND (o.cancelled_at < o.confirmed_at OR o.cancelled_at IS NULL)
    AND o.shipping_fee <> 0
