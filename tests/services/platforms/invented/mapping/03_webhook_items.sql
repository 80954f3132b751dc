CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_items AS
SELECT
    o.ORD_NO AS order_id,
    d.LINE_NO AS position,
    g.GDS_NM AS name,
    d.ORD_QTY AS quantity,
    d.UNIT_AMT AS price_won
FROM TB_ORD_MST o
    JOIN TB_ORD_DTL d ON d.ORD_SEQ = o.ORD_SEQ AND d.DEL_YN = 'N'
    JOIN TB_GOODS g ON g.GDS_SEQ = d.GDS_SEQ
