CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW settlement_payments AS
SELECT
    order_number AS order_id,
    confirmed_at AS settled_at,
    paid_amount AS paid_won,
    refunded_amount AS refunded_won
FROM orders
WHERE confirmed_at IS NOT NULL
