-- The account of MIGRATION_SECRET_NAME, which owns the views and procedures: what they do, they do with
-- its rights. Run in the database of the platform, before the first migration.
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE
    ON * TO 'webhook_migration'@'%';
