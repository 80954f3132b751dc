-- The periods that were reported: one row for each type and period, locked while it is planned or
-- closed. Kept as long as the reports.
CREATE TABLE IF NOT EXISTS settlement_runs (
    run_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    type VARCHAR(8) NOT NULL COMMENT 'daily, weekly, monthly, custom',
    first_day DATE NOT NULL COMMENT 'KST',
    last_day DATE NOT NULL COMMENT 'KST, part of it',
    generation INT UNSIGNED NOT NULL COMMENT 'how often it was planned for all sellers; 0: single sellers by hand alone',
    state VARCHAR(12) NOT NULL COMMENT 'manual, running, closed, incomplete',
    event_time DATETIME(6) NULL COMMENT 'of the event that planned it last: the same again is a repetition',
    is_forced TINYINT NOT NULL,
    rules VARCHAR(255) NOT NULL COMMENT 'of the last plan',
    sellers INT UNSIGNED NOT NULL,
    open_sellers INT UNSIGNED NOT NULL,
    failed_sellers INT UNSIGNED NOT NULL,
    planned_at DATETIME(6) NOT NULL,
    closed_at DATETIME(6) NULL,
    PRIMARY KEY (run_id),
    UNIQUE KEY settlement_runs_period (type, first_day, last_day),
    KEY settlement_runs_state (state, planned_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
