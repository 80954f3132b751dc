CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW settlement_sellers AS
SELECT
    s.`id` AS seller_id,
    COALESCE(u.`name`, s.`shop_name`) AS seller_name,
    u.`email` AS email,
    s.`shop_name` AS business_name,
    s.`business_number` AS business_number,
    LOWER(u.`locale`) AS language
FROM `sellers` s
    JOIN `User` u ON u.`id` = s.`userId`
