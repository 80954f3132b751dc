CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW settlement_rates AS
SELECT
    `sellerId` AS seller_id,
    `categoryCode` AS category,
    `effectiveDate` AS from_at,
    `endDate` AS to_at,
    `rate` AS rate_percent
FROM `CommissionPolicy`
