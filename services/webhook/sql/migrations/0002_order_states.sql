-- What the webhooks know of an order: one row from its first event on, locked while an event changes
-- it. Kept as long as the order.
CREATE TABLE IF NOT EXISTS order_states (
    order_id VARCHAR(64) NOT NULL,
    payment_state VARCHAR(16) NOT NULL COMMENT 'unpaid, pending, failed, paid, cancelled',
    paid_won BIGINT NOT NULL DEFAULT 0,
    refunded_won BIGINT NOT NULL DEFAULT 0 COMMENT 'sum of the completed refunds',
    is_shipped BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'a parcel has left',
    payment_method VARCHAR(64) NULL,
    transaction_id VARCHAR(200) NULL COMMENT 'of the payment at its provider',
    paid_at DATETIME(6) NULL,
    paid_by VARCHAR(16) NULL COMMENT 'sender of the event that paid it',
    payment_changed_at DATETIME(6) NULL COMMENT 'when payment_state was stored last',
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (order_id),
    KEY order_states_paid_at (paid_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
