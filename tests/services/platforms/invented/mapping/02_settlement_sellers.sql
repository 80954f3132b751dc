CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW settlement_sellers AS
SELECT
    VND_SEQ AS seller_id,
    VND_NM AS seller_name,
    MAIL_ADDR AS email,
    VND_NM AS business_name,
    CAST(NULL AS CHAR) AS business_number,
    'ko' AS language
FROM TB_VENDOR
