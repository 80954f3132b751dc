-- The amount stays a floating number: the handler takes it only if it is a whole one.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_orders AS
SELECT
    `orderNumber` AS order_id,
    `finalAmount` AS total_won,
    CASE `paymentStatus`
        WHEN 'PENDING' THEN 'unpaid'
        WHEN 'WAITING' THEN 'pending'
        WHEN 'FAILED' THEN 'failed'
        WHEN 'PAID' THEN 'paid'
        WHEN 'PARTIAL_REFUNDED' THEN 'paid'
        WHEN 'CANCELLED' THEN 'cancelled'
        WHEN 'REFUNDED' THEN 'cancelled'
    END AS payment_state
FROM `Order`
