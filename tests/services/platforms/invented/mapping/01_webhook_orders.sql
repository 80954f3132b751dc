-- An order in another currency has no amount in won: it is refused, not converted.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_orders AS
SELECT
    ORD_NO AS order_id,
    IF(CUR_CD = 'KRW', ORD_AMT, NULL) AS total_won,
    CASE PAY_STS
        WHEN 0 THEN 'unpaid'
        WHEN 10 THEN 'pending'
        WHEN 19 THEN 'failed'
        WHEN 20 THEN 'paid'
        WHEN 90 THEN 'cancelled'
        WHEN 95 THEN 'cancelled'
    END AS payment_state
FROM TB_ORD_MST
