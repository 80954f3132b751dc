-- Optional: the indexes that the views' conditions on time use, for a platform that has none of its own on these
-- columns. README.md (Indexes) has what they save. Run once, by an account with the right INDEX on the platform's
-- tables; each one that is there under another name is left out.
ALTER TABLE orders
    ADD KEY orders_confirmed_at (confirmed_at),
    ADD KEY orders_cancelled_at (cancelled_at);
ALTER TABLE refunds
    ADD KEY refunds_processed_at (processed_at);
