output "functions" {
  description = "The functions: name, alias, version that the last apply published, and log group of each."
  value = { for key, function in local.functions : key => {
    function_name     = function.function_name
    alias             = function.alias_name
    alias_arn         = function.alias_arn
    published_version = function.version
    role_name         = function.role_name
    log_group_name    = function.log_group_name
  } }
}

output "queues" {
  description = "The queues: name, URL and dead-letter queue of each."
  value = { for key, queue in local.queues : key => {
    name            = queue.name
    url             = queue.url
    dead_letter_url = queue.dead_letter_url
  } }
}

output "webhook_url" {
  description = "The Function URL, which senders of webhooks are given with the path of each."
  value       = module.webhook.url
}

output "uploads_bucket" {
  description = "Bucket of the photographs."
  value       = module.buckets.uploads_bucket
}

output "reports_bucket" {
  description = "Bucket of the settlement reports."
  value       = module.buckets.reports_bucket
}

output "uploads_owner_must_add" {
  description = "What the owner of a given uploads bucket has to add; empty for a bucket of ours."
  value       = module.image.owner_must_add
}

output "reports_owner_must_add" {
  description = "What the owner of a given reports bucket has to add; empty for a bucket of ours."
  value       = module.buckets.reports_owner_must_add
}

output "database_owner_must_add" {
  description = "The rule that lets the functions connect to the database; empty where it was made here."
  value       = module.network.database_owner_must_add
}

output "kms_key_owner_must_add" {
  description = "Statements for the policy of a given KMS key; empty without one."
  value       = local.kms_key_owner_must_add
}

output "secrets_to_fill" {
  description = "Secrets that were made without a value; each needs one before its function starts."
  value       = { for key, secret in aws_secretsmanager_secret.this : key => secret.arn }
}

output "mail_dns_records" {
  description = "DNS records of the mail domain that have to exist; empty if they were made here."
  value       = module.mail.dns_records
}

output "backfill_role_arn" {
  description = "Role for jobs of S3 Batch Operations that invoke the image function; null without one."
  value       = module.image.backfill_role_arn
}

output "alarms_topic_arn" {
  description = "SNS topic of all alarms."
  value       = module.observability.topic_arn
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = module.observability.dashboard_name
}

output "deploy" {
  description = "What infra/deployment reads: see the output plan of modules/deploy."
  value       = module.deploy.plan
}
