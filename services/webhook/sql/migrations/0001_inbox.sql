-- Every event that was accepted, once. A row is written in the transaction that the event changes: who
-- repeats the event gets the unique key's refusal. An event that was refused has no row.
-- Kept for INBOX_DAYS; a later repetition meets the order's state, which does not go back.
CREATE TABLE IF NOT EXISTS inbox (
    sender VARCHAR(16) NOT NULL COMMENT 'platform, standard, toss',
    event_key VARCHAR(320) NOT NULL COMMENT 'the id of the event, or the digest of its body',
    order_id VARCHAR(64) NULL COMMENT 'NULL: an event without an order',
    request_id VARCHAR(64) NOT NULL COMMENT 'of the request that brought it first',
    received_at DATETIME(6) NOT NULL,
    PRIMARY KEY (sender, event_key),
    KEY inbox_received_at (received_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
