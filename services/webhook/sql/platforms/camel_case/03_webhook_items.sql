-- The lines have keys of text; a number in their order comes from the keys before them.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_items AS
SELECT
    o.`orderNumber` AS order_id,
    (SELECT COUNT(*) FROM `OrderItem` b WHERE b.`orderId` = i.`orderId` AND b.`id` <= i.`id`) AS position,
    p.`name` AS name,
    i.`quantity` AS quantity,
    i.`unitPrice` AS price_won
FROM `Order` o
    JOIN `OrderItem` i ON i.`orderId` = o.`id`
    JOIN `Product` p ON p.`id` = i.`productId`
