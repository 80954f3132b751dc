-- Payouts to sellers, as the payment provider reports them; the settlement report shows them. Kept as
-- long as the reports.
CREATE TABLE IF NOT EXISTS payouts (
    payout_id VARCHAR(64) NOT NULL COMMENT 'the provider''s',
    reference VARCHAR(64) NOT NULL COMMENT 'the platform''s own id of the payout',
    seller_id VARCHAR(64) NOT NULL COMMENT 'the seller as the provider knows it',
    state VARCHAR(16) NOT NULL COMMENT 'scheduled, held, paid, failed',
    amount_won BIGINT NOT NULL,
    changed_at DATETIME(6) NOT NULL COMMENT 'as the provider states it',
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (payout_id),
    KEY payouts_reference (reference)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
