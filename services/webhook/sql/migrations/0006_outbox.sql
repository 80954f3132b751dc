-- Mails that are owed, written in the transaction that owes them, each once by its message id. The body
-- is personal data: it is removed once the queue has the message. Sent rows are kept for OUTBOX_DAYS.
CREATE TABLE IF NOT EXISTS outbox (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    message_id VARCHAR(128) NOT NULL COMMENT 'messageId of the mail',
    order_id VARCHAR(64) NULL,
    body MEDIUMTEXT NULL COMMENT 'the message for EMAIL_QUEUE_URL; NULL once it is sent',
    created_at DATETIME(6) NOT NULL,
    claimed_until DATETIME(6) NULL COMMENT 'before it, no other invocation sends the row',
    attempts INT UNSIGNED NOT NULL DEFAULT 0,
    sent_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY outbox_message_id (message_id),
    KEY outbox_due (sent_at, claimed_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
