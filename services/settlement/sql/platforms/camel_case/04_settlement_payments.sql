CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW settlement_payments AS
SELECT
    `orderNumber` AS order_id,
    `confirmedAt` AS settled_at,
    COALESCE(`paidAmount`, 0) AS paid_won,
    `refundedAmount` AS refunded_won
FROM `Order`
WHERE `confirmedAt` IS NOT NULL
