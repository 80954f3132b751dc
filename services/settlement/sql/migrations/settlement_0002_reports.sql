-- The sellers of each run, and how far their reports are. Kept as long as the reports.
CREATE TABLE IF NOT EXISTS settlement_reports (
    run_id BIGINT UNSIGNED NOT NULL,
    seller_id VARCHAR(64) NOT NULL,
    generation INT UNSIGNED NOT NULL COMMENT 'the plan it belongs to',
    state VARCHAR(8) NOT NULL COMMENT 'open, done, failed',
    attempt INT UNSIGNED NOT NULL COMMENT 'raised by each claim: an older one can no longer finish',
    version INT UNSIGNED NOT NULL COMMENT '0: none yet',
    mailed_version INT UNSIGNED NOT NULL,
    mail_due TINYINT NOT NULL,
    failure VARCHAR(255) NULL,
    finished_at DATETIME(6) NULL,
    PRIMARY KEY (run_id, seller_id),
    KEY settlement_reports_state (run_id, state, seller_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
