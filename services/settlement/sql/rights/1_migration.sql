-- The account of MIGRATION_SECRET_NAME, which owns the views: what they read, they read with its
-- rights. Run in the database of the platform, before the first migration.
GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX, DROP, CREATE VIEW ON * TO 'settlement_migration'@'%';
