-- The platform has one parcel an order: the newest report of any parcel is shown, and the order's own
-- state does not go back.
CREATE OR REPLACE PROCEDURE webhook_store_shipping(
    IN p_order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
    IN p_state VARCHAR(24) CHARACTER SET utf8mb4,
    IN p_tracking_number VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_carrier VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_changed_at DATETIME(6)
)
MODIFIES SQL DATA
SQL SECURITY DEFINER
UPDATE orders
SET shipped_at = CASE
        WHEN p_state = 'preparing' THEN shipped_at
        ELSE COALESCE(shipped_at, p_changed_at)
    END,
    delivered_at = CASE
        WHEN p_state = 'delivered' THEN COALESCE(delivered_at, p_changed_at)
        ELSE delivered_at
    END,
    status = CASE
        WHEN p_state = 'delivered' AND status IN ('pending', 'paid', 'preparing', 'shipped') THEN 'delivered'
        WHEN p_state = 'preparing' AND status IN ('pending', 'paid') THEN 'preparing'
        WHEN p_state IN ('in_transit', 'out_for_delivery', 'failed') AND status IN ('pending', 'paid', 'preparing')
            THEN 'shipped'
        ELSE status
    END,
    tracking_number = COALESCE(NULLIF(p_tracking_number, ''), tracking_number),
    shipping_carrier = COALESCE(p_carrier, shipping_carrier)
WHERE order_number = p_order_id
