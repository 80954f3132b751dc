-- The platform has no discounts and no shipping fee. Times are converted from KST, so that no index serves a
-- condition on the period: the rows are found by their seller. An order in another currency has no amounts in
-- won, and is refused.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW settlement_lines AS
SELECT
    g.VND_SEQ AS seller_id,
    o.ORD_NO AS order_id,
    CAST(d.LINE_NO AS CHAR) AS item_id,
    '' AS event_id,
    'sale' AS kind,
    'item' AS scope,
    o.REG_DT - INTERVAL 9 HOUR AS ordered_at,
    o.FIX_DT - INTERVAL 9 HOUR AS settled_at,
    g.GDS_NM AS product_name,
    CAST(g.CLS_CD AS CHAR) AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(t.PAY_KIND IN ('card', '카드'), 'card', 'other') AS payment,
    d.ORD_QTY AS quantity,
    IF(o.CUR_CD = 'KRW', d.UNIT_AMT, NULL) AS unit_price_won,
    IF(o.CUR_CD = 'KRW', d.UNIT_AMT * d.ORD_QTY, NULL) AS list_won,
    0 AS seller_coupon_won,
    0 AS seller_points_won,
    0 AS platform_coupon_won,
    0 AS platform_points_won,
    NULL AS refund_won,
    CAST(NULL AS DECIMAL(5, 2)) AS rate_percent
FROM TB_ORD_MST o
    JOIN TB_ORD_DTL d ON d.ORD_SEQ = o.ORD_SEQ AND d.DEL_YN = 'N'
    JOIN TB_GOODS g ON g.GDS_SEQ = d.GDS_SEQ
    LEFT JOIN TB_PAY t ON t.ORD_SEQ = o.ORD_SEQ
WHERE o.FIX_DT IS NOT NULL
UNION ALL
SELECT
    g.VND_SEQ AS seller_id,
    o.ORD_NO AS order_id,
    CAST(d.LINE_NO AS CHAR) AS item_id,
    CAST(r.RFND_SEQ AS CHAR) AS event_id,
    'refund' AS kind,
    IF(r.LINE_NO IS NULL, 'order', 'item') AS scope,
    o.REG_DT - INTERVAL 9 HOUR AS ordered_at,
    GREATEST(COALESCE(r.RFND_DT, o.FIX_DT), o.FIX_DT) - INTERVAL 9 HOUR AS settled_at,
    g.GDS_NM AS product_name,
    CAST(g.CLS_CD AS CHAR) AS category,
    CAST(NULL AS CHAR) AS tax,
    IF(t.PAY_KIND IN ('card', '카드'), 'card', 'other') AS payment,
    0 AS quantity,
    IF(o.CUR_CD = 'KRW', d.UNIT_AMT, NULL) AS unit_price_won,
    NULL AS list_won,
    NULL AS seller_coupon_won,
    NULL AS seller_points_won,
    NULL AS platform_coupon_won,
    NULL AS platform_points_won,
    IF(o.CUR_CD = 'KRW', r.RFND_AMT, NULL) AS refund_won,
    CAST(NULL AS DECIMAL(5, 2)) AS rate_percent
FROM TB_ORD_MST o
    JOIN TB_ORD_DTL d ON d.ORD_SEQ = o.ORD_SEQ AND d.DEL_YN = 'N'
    JOIN TB_GOODS g ON g.GDS_SEQ = d.GDS_SEQ
    JOIN TB_RFND r ON r.ORD_SEQ = o.ORD_SEQ AND (r.LINE_NO = d.LINE_NO OR r.LINE_NO IS NULL) AND r.RFND_STS = 2
    LEFT JOIN TB_PAY t ON t.ORD_SEQ = o.ORD_SEQ
WHERE o.FIX_DT IS NOT NULL
