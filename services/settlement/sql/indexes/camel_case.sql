-- Optional: the indexes that the views' conditions on time use, for a platform that has none of its own on these
-- columns. README.md (Indexes) has what they save. Run once, by an account with the right INDEX on the platform's
-- tables; each one that is there under another name is left out.
ALTER TABLE `Order`
    ADD KEY `Order_confirmedAt_idx` (`confirmedAt`);
ALTER TABLE `Refund`
    ADD KEY `Refund_processedAt_idx` (`processedAt`);
