CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_orders AS
SELECT
    order_number AS order_id,
    total_amount AS total_won,
    CASE payment_status
        WHEN 'unpaid' THEN 'unpaid'
        WHEN 'pending' THEN 'pending'
        WHEN 'failed' THEN 'failed'
        WHEN 'completed' THEN 'paid'
        WHEN 'partially_refunded' THEN 'paid'
        WHEN 'cancelled' THEN 'cancelled'
        WHEN 'refunded' THEN 'cancelled'
    END AS payment_state
FROM orders
