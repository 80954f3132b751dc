-- What happened to an order, in the order of arrival, events without effect included. Kept as long as
-- the order: it is the answer to a dispute.
CREATE TABLE IF NOT EXISTS order_history (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_id VARCHAR(64) NOT NULL,
    sender VARCHAR(16) NOT NULL,
    event_key VARCHAR(320) NOT NULL COMMENT 'of the inbox',
    subject VARCHAR(8) NOT NULL COMMENT 'payment, parcel, refund',
    subject_id VARCHAR(64) NOT NULL COMMENT 'tracking number, refund id; empty for the payment',
    event VARCHAR(24) NOT NULL COMMENT 'completed, in_transit, deposit_reversed, ...',
    outcome VARCHAR(16) NOT NULL COMMENT 'moved, late, repeated',
    state_before VARCHAR(24) NOT NULL,
    state_after VARCHAR(24) NOT NULL,
    amount_won BIGINT NULL,
    detail VARCHAR(255) NULL COMMENT 'reason, location, as the sender wrote it',
    happened_at DATETIME(6) NULL COMMENT 'as the sender states it',
    received_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY order_history_order (order_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
