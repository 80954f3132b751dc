-- The refunds of an order. Kept as long as the order.
CREATE TABLE IF NOT EXISTS order_refunds (
    order_id VARCHAR(64) NOT NULL,
    refund_id VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL COMMENT 'pending, processing, completed, rejected',
    amount_won BIGINT NOT NULL COMMENT 'of its first event; no later one changes it',
    reason VARCHAR(255) NULL,
    processed_at DATETIME(6) NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (order_id, refund_id),
    KEY order_refunds_processed_at (processed_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
