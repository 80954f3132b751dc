-- The order is delivered when the last of its parcels is. One that is prepared without a number is the
-- next that has one.
CREATE OR REPLACE PROCEDURE webhook_store_shipping(
    IN p_order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
    IN p_state VARCHAR(24) CHARACTER SET utf8mb4,
    IN p_tracking_number VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_carrier VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_changed_at DATETIME(6)
)
MODIFIES SQL DATA
SQL SECURITY DEFINER
BEGIN
    DECLARE v_id VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
    SELECT `id` INTO v_id FROM `Order` WHERE `orderNumber` = p_order_id;
    IF p_tracking_number <> '' THEN
        DELETE FROM `Shipment` WHERE `orderId` = v_id AND `trackingNumber` = '' AND `status` = 'READY';
    END IF;
    INSERT INTO `Shipment` (`orderId`, `trackingNumber`, `carrier`, `status`, `updatedAt`)
    VALUES (
        v_id,
        p_tracking_number,
        p_carrier,
        CASE p_state
            WHEN 'preparing' THEN 'READY'
            WHEN 'in_transit' THEN 'SHIPPING'
            WHEN 'out_for_delivery' THEN 'OUT_FOR_DELIVERY'
            WHEN 'failed' THEN 'FAILED'
            WHEN 'delivered' THEN 'DELIVERED'
        END,
        COALESCE(p_changed_at, UTC_TIMESTAMP(3))
    )
    ON DUPLICATE KEY UPDATE
        `carrier` = COALESCE(VALUES(`carrier`), `carrier`),
        `status` = VALUES(`status`),
        `updatedAt` = VALUES(`updatedAt`);
    IF NOT EXISTS (SELECT 1 FROM `Shipment` WHERE `orderId` = v_id AND `status` <> 'DELIVERED') THEN
        UPDATE `Order`
        SET `orderStatus` = 'DELIVERED', `deliveredAt` = p_changed_at, `updatedAt` = UTC_TIMESTAMP(3)
        WHERE `id` = v_id AND `orderStatus` IN ('PENDING', 'PAID', 'PREPARING', 'SHIPPED');
    ELSEIF p_state = 'preparing' THEN
        UPDATE `Order` SET `orderStatus` = 'PREPARING', `updatedAt` = UTC_TIMESTAMP(3)
        WHERE `id` = v_id AND `orderStatus` IN ('PENDING', 'PAID');
    ELSE
        UPDATE `Order` SET `orderStatus` = 'SHIPPED', `updatedAt` = UTC_TIMESTAMP(3)
        WHERE `id` = v_id AND `orderStatus` IN ('PENDING', 'PAID', 'PREPARING');
    END IF;
END
