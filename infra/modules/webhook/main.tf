locals {
  program = "webhook-handler"
  is_twin = var.store == null
  store   = var.store != null ? [var.store] : []

  secret_arns = compact(concat(
    [var.webhook_secret_arn, try(var.toss.secret_arn, null)],
    local.store[*].secret_arn, local.store[*].migration_secret_arn, local.store[*].unsubscribe_secret_arn,
  ))
  send_arns = compact(concat(local.store[*].mail_queue_arn, [try(var.confirm_queue.arn, null)]))
}

module "function" {
  source = "../function"

  name                     = var.name
  name_prefix              = var.common.name_prefix
  environment              = var.common.environment
  description              = local.is_twin ? "Asks Toss for payments, outside of the VPC" : "Takes webhooks of payments, parcels and refunds"
  zip                      = "${var.common.zips_dir}/${var.common.architecture}/${local.program}.zip"
  architecture             = var.common.architecture
  memory_mb                = var.memory_mb
  timeout_s                = var.timeout_s
  reserved_concurrency     = var.reserved_concurrency
  vpc                      = var.vpc
  log_retention_days       = var.common.log_retention_days
  log_level                = var.common.log_level
  on_failure_arn           = var.failures_arn
  tracing                  = var.common.tracing
  kms_key_arn              = var.common.kms_key_arn
  permissions_boundary_arn = var.common.permissions_boundary_arn
  tags                     = var.common.tags

  mappings = { for mapping in var.mapping[*] : "hints" => merge(mapping, { batch_size = 10 }) }

  variables = {
    DB_SECRET_NAME          = one(local.store[*].secret_arn)
    DB_NAME                 = one(local.store[*].name)
    DB_CA_FILE              = one(local.store[*].ca_file)
    DB_CONNECT_TIMEOUT      = one(local.store[*].connect_timeout)
    DB_LOCK_WAIT            = one(local.store[*].lock_wait)
    MIGRATION_SECRET_NAME   = one(local.store[*].migration_secret_arn)
    EMAIL_QUEUE_URL         = one(local.store[*].mail_queue_url)
    INBOX_DAYS              = one(local.store[*].inbox_days)
    OUTBOX_DAYS             = one(local.store[*].outbox_days)
    UNSUBSCRIBE_SECRET_NAME = one(local.store[*].unsubscribe_secret_arn)
    WEBHOOK_SECRET_NAME     = var.webhook_secret_arn
    TOSS_SECRET_NAME        = try(var.toss.secret_arn, null)
    TOSS_API_URL            = try(var.toss.api_url, null)
    TOSS_CONFIRM_QUEUE_URL  = try(var.confirm_queue.url, null)
    TOSS_CONFIRMED_URL      = var.confirmed_url
    REPORTS_BUCKET          = var.reports_bucket
    METRICS_NAMESPACE       = var.common.metrics_namespace
  }

  policy_statements = concat(
    [{
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = local.secret_arns
    }],
    local.is_twin ? [] : [{
      sid       = "Queues"
      actions   = ["sqs:SendMessage"]
      resources = local.send_arns
    }],
    var.reports_bucket == null ? [] : [{
      sid       = "Reconciliations"
      actions   = ["s3:PutObject"]
      resources = ["arn:aws:s3:::${var.reports_bucket}/reconciliation/*"]
    }],
    length(var.common.given_kms_key_arns) == 0 ? [] : [{
      sid       = "GivenKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.common.given_kms_key_arns
    }],
  )
}
