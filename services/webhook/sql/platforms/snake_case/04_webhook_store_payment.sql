-- The parameter of the order has the column's collation: another one would leave the index unused, or
-- be refused as a mix of collations.
--
-- The platform's refunds follow p_refunded_won. If that exceeds the sum of the completed ones, a refund in
-- work of exactly the difference is completed, else the difference is entered as a refund of the whole order.
-- The sum is read with locks, so that a refund which the platform is completing at the same time is counted.
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
BEGIN
    DECLARE v_id BIGINT UNSIGNED;
    DECLARE v_missing DECIMAL(20, 2) DEFAULT 0;
    SELECT id INTO v_id FROM orders WHERE order_number = p_order_id;
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
    WHERE id = v_id;
    IF p_refunded_won > 0 THEN
        SELECT p_refunded_won - COALESCE(SUM(amount), 0) INTO v_missing
        FROM refunds
        WHERE order_id = v_id AND status = 'completed'
        FOR UPDATE;
    END IF;
    IF v_missing > 0 THEN
        UPDATE refunds
        SET status = 'completed', processed_at = UTC_TIMESTAMP()
        WHERE order_id = v_id AND status IN ('pending', 'processing') AND amount = v_missing
        ORDER BY id
        LIMIT 1;
        IF ROW_COUNT() = 0 THEN
            INSERT INTO refunds (order_id, order_item_id, amount, status, processed_at)
            VALUES (v_id, NULL, v_missing, 'completed', UTC_TIMESTAMP());
        END IF;
    END IF;
END
