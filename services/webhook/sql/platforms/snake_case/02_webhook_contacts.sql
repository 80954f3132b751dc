CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_contacts AS
SELECT
    o.order_number AS order_id,
    u.email AS email,
    u.name AS name,
    IF(u.preferred_language LIKE 'en%', 'en', 'ko') AS language
FROM orders o
    JOIN users u ON u.id = o.user_id
