CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_items AS
SELECT
    o.order_number AS order_id,
    i.id AS position,
    i.product_name AS name,
    i.quantity AS quantity,
    i.price AS price_won
FROM orders o
    JOIN order_items i ON i.order_id = o.id
