CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW settlement_sellers AS
SELECT
    id AS seller_id,
    name AS seller_name,
    email AS email,
    business_name AS business_name,
    business_number AS business_number,
    'ko' AS language
FROM sellers
