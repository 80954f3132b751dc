-- The account of DB_SECRET_NAME, the function's own. It reads the platform by the four views, and cannot
-- reach a table of it. Run in the database of the platform, after the first migration.
GRANT SELECT ON settlement_lines TO 'settlement'@'%';
GRANT SELECT ON settlement_sellers TO 'settlement'@'%';
GRANT SELECT ON settlement_rates TO 'settlement'@'%';
GRANT SELECT ON settlement_payments TO 'settlement'@'%';
GRANT SELECT, INSERT, UPDATE ON settlement_runs TO 'settlement'@'%';
GRANT SELECT, INSERT, UPDATE ON settlement_reports TO 'settlement'@'%';
GRANT SELECT, INSERT, UPDATE ON settlement_versions TO 'settlement'@'%';
