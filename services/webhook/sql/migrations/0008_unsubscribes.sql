-- Who wants no more promotional mail. The platform reads new rows by their id. Kept: it is the proof
-- that the wish was recorded.
CREATE TABLE IF NOT EXISTS unsubscribes (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    email VARCHAR(254) NOT NULL COMMENT 'lower case',
    source VARCHAR(16) NOT NULL COMMENT 'page, one_click',
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY unsubscribes_email (email)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
