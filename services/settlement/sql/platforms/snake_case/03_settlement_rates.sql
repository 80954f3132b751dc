-- The platform records no dates: a changed rate applies to earlier orders too. A category without a rate has
-- the rate of its nearest parent that has one.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW settlement_rates AS
WITH RECURSIVE tree (id, commission_rate) AS (
    SELECT id, commission_rate FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, COALESCE(c.commission_rate, t.commission_rate)
    FROM tree t
        JOIN categories c ON c.parent_id = t.id
)
SELECT
    id AS seller_id,
    NULL AS category,
    CAST(NULL AS DATETIME) AS from_at,
    CAST(NULL AS DATETIME) AS to_at,
    commission_rate AS rate_percent
FROM sellers
WHERE commission_rate IS NOT NULL
UNION ALL
SELECT NULL, CAST(id AS CHAR), NULL, NULL, commission_rate
FROM tree
WHERE commission_rate IS NOT NULL
