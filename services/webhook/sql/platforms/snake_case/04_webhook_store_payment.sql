-- The parameter of the order has the column's collation: another one would leave the index unused, or
-- be refused as a mix of collations.
CREATE OR REPLACE PROCEDURE webhook_store_payment(
    IN p_order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
    IN p_state VARCHAR(16) CHARACTER SET utf8mb4,
    IN p_paid_won BIGINT,
    IN p_refunded_won BIGINT,
    IN p_method VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_transaction_id VARCHAR(200) CHARACTER SET utf8mb4,
    IN p_paid_at DATETIME(6)
)
MODIFIES SQL DATA
SQL SECURITY DEFINER
UPDATE orders
SET payment_status = CASE
        WHEN p_paid_won > 0 AND p_refunded_won >= p_paid_won THEN 'refunded'
        WHEN p_state = 'paid' AND p_refunded_won > 0 THEN 'partially_refunded'
        WHEN p_state = 'paid' THEN 'completed'
        ELSE p_state
    END,
    status = CASE
        WHEN p_paid_won > 0 AND p_refunded_won >= p_paid_won THEN 'refunded'
        WHEN p_state = 'paid' AND status = 'pending' THEN 'paid'
        WHEN p_state = 'cancelled' AND status IN ('pending', 'paid', 'preparing') THEN 'cancelled'
        WHEN p_state NOT IN ('paid', 'cancelled') AND status = 'paid' THEN 'pending'
        ELSE status
    END,
    paid_amount = p_paid_won,
    refunded_amount = p_refunded_won,
    payment_method = p_method,
    transaction_id = p_transaction_id,
    paid_at = p_paid_at
WHERE order_number = p_order_id
