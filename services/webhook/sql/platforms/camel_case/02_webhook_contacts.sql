CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_contacts AS
SELECT
    o.`orderNumber` AS order_id,
    u.`email` AS email,
    COALESCE(o.`recipientName`, u.`name`) AS name,
    LOWER(u.`locale`) AS language
FROM `Order` o
    JOIN `User` u ON u.`id` = o.`userId`
