-- The account of DB_SECRET_NAME, the function's own. It reads the platform's orders by the views, changes
-- them by the two procedures alone, and cannot reach a table of the platform. Run in the database of the
-- platform, after the first migration.
GRANT SELECT ON webhook_orders TO 'webhook'@'%';
GRANT SELECT ON webhook_contacts TO 'webhook'@'%';
GRANT SELECT ON webhook_items TO 'webhook'@'%';
GRANT EXECUTE ON PROCEDURE webhook_store_payment TO 'webhook'@'%';
GRANT EXECUTE ON PROCEDURE webhook_store_shipping TO 'webhook'@'%';
GRANT SELECT, INSERT, DELETE ON inbox TO 'webhook'@'%';
GRANT SELECT, INSERT, UPDATE ON order_states TO 'webhook'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON order_parcels TO 'webhook'@'%';
GRANT SELECT, INSERT, UPDATE ON order_refunds TO 'webhook'@'%';
GRANT SELECT, INSERT ON order_history TO 'webhook'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO 'webhook'@'%';
GRANT SELECT, INSERT, UPDATE ON payouts TO 'webhook'@'%';
GRANT SELECT, INSERT, UPDATE ON unsubscribes TO 'webhook'@'%';
-- MySQL 8 alone: there a SELECT ... FOR UPDATE takes UPDATE, DELETE or LOCK TABLES beside SELECT, and the
-- last one, which exists for a whole database only, is the one that cannot change an order.
-- GRANT LOCK TABLES ON * TO 'webhook'@'%';
