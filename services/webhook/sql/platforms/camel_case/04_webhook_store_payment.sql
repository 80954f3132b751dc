-- The parameter of the order has the column's collation: another one would leave the index unused, or
-- be refused as a mix of collations.
--
-- The platform's refunds follow p_refunded_won. If that exceeds the sum of the completed ones, a refund in
-- work of exactly the difference is completed, else the difference is entered as a refund of the whole order.
-- The sum is read with locks, so that a refund which the platform is completing at the same time is counted.
CREATE OR REPLACE PROCEDURE webhook_store_payment(
    IN p_order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
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
    DECLARE v_id VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
    DECLARE v_missing DOUBLE DEFAULT 0;
    SELECT `id` INTO v_id FROM `Order` WHERE `orderNumber` = p_order_id;
    UPDATE `Order`
    SET `paymentStatus` = CASE
            WHEN p_paid_won > 0 AND p_refunded_won >= p_paid_won THEN 'REFUNDED'
            WHEN p_state = 'paid' AND p_refunded_won > 0 THEN 'PARTIAL_REFUNDED'
            WHEN p_state = 'paid' THEN 'PAID'
            WHEN p_state = 'unpaid' THEN 'PENDING'
            WHEN p_state = 'pending' THEN 'WAITING'
            WHEN p_state = 'failed' THEN 'FAILED'
            WHEN p_state = 'cancelled' THEN 'CANCELLED'
        END,
        `orderStatus` = CASE
            WHEN p_paid_won > 0 AND p_refunded_won >= p_paid_won THEN 'REFUNDED'
            WHEN p_state = 'paid' AND `orderStatus` = 'PENDING' THEN 'PAID'
            WHEN p_state = 'cancelled' AND `orderStatus` IN ('PENDING', 'PAID', 'PREPARING') THEN 'CANCELLED'
            WHEN p_state NOT IN ('paid', 'cancelled') AND `orderStatus` = 'PAID' THEN 'PENDING'
            ELSE `orderStatus`
        END,
        `paidAmount` = NULLIF(p_paid_won, 0),
        `refundedAmount` = p_refunded_won,
        `paymentMethod` = p_method,
        `paymentKey` = p_transaction_id,
        `paidAt` = p_paid_at,
        `updatedAt` = UTC_TIMESTAMP(3)
    WHERE `id` = v_id;
    IF p_refunded_won > 0 THEN
        SELECT p_refunded_won - COALESCE(SUM(`amount`), 0) INTO v_missing
        FROM `Refund`
        WHERE `orderId` = v_id AND `status` = 'COMPLETED'
        FOR UPDATE;
    END IF;
    IF v_missing > 0 THEN
        UPDATE `Refund`
        SET `status` = 'COMPLETED', `processedAt` = UTC_TIMESTAMP(3)
        WHERE `orderId` = v_id AND `status` IN ('REQUESTED', 'PROCESSING') AND `amount` = v_missing
        ORDER BY `id`
        LIMIT 1;
        IF ROW_COUNT() = 0 THEN
            INSERT INTO `Refund` (`id`, `orderId`, `orderItemId`, `amount`, `status`, `processedAt`)
            VALUES (UUID(), v_id, NULL, v_missing, 'COMPLETED', UTC_TIMESTAMP(3));
        END IF;
    END IF;
END
