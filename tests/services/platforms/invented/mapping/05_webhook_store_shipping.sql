CREATE OR REPLACE PROCEDURE webhook_store_shipping(
    IN p_order_id VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_state VARCHAR(24) CHARACTER SET utf8mb4,
    IN p_tracking_number VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_carrier VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_changed_at DATETIME(6)
)
MODIFIES SQL DATA
SQL SECURITY DEFINER
UPDATE TB_ORD_MST
SET DLV_STS = CASE p_state
        WHEN 'preparing' THEN 1
        WHEN 'in_transit' THEN 2
        WHEN 'out_for_delivery' THEN 3
        WHEN 'failed' THEN 8
        WHEN 'delivered' THEN 9
    END,
    DLV_NO = NULLIF(p_tracking_number, ''),
    DLV_COMP = p_carrier,
    DLV_DT = IF(p_state = 'delivered', p_changed_at + INTERVAL 9 HOUR, DLV_DT)
WHERE ORD_NO = CONVERT(p_order_id USING latin1)
