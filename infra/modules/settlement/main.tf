locals {
  name        = "settlement-report"
  bucket_arn  = "arn:aws:s3:::${var.reports_bucket}"
  secret_arns = compact([var.database.secret_arn, var.database.migration_secret_arn])
}

module "function" {
  source = "../function"

  name                     = local.name
  name_prefix              = var.common.name_prefix
  environment              = var.common.environment
  description              = "Settles what sellers have sold"
  zip                      = "${var.common.zips_dir}/${var.common.architecture}/${local.name}.zip"
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

  mappings = {
    batches = {
      queue_arn           = var.queue.arn
      visibility_s        = var.queue.visibility_s
      batch_size          = 1
      maximum_concurrency = var.queue.maximum_concurrency
    }
  }

  variables = {
    DB_SECRET_NAME           = var.database.secret_arn
    DB_NAME                  = var.database.name
    DB_CA_FILE               = var.database.ca_file
    DB_CONNECT_TIMEOUT       = var.database.connect_timeout
    DB_LOCK_WAIT             = var.database.lock_wait
    MIGRATION_SECRET_NAME    = var.database.migration_secret_arn
    REPORTS_BUCKET           = var.reports_bucket
    EMAIL_QUEUE_URL          = var.mail_queue.url
    SETTLEMENT_QUEUE_URL     = var.queue.url
    SETTLEMENT_BATCH_SELLERS = var.settings.batch_sellers
    SETTLEMENT_CLOSE_AFTER   = var.settings.close_after
    ENVIRONMENT              = var.common.environment
    REPORT_URL_TEMPLATE      = var.settings.report_url_template
    SETTLEMENT_FEE_ROUNDING  = var.settings.fee_rounding
    SETTLEMENT_VAT_ROUNDING  = var.settings.vat_rounding
    SETTLEMENT_VAT           = var.settings.vat
    SETTLEMENT_BASIS         = var.settings.basis
    SETTLEMENT_DEFAULT_RATE  = var.settings.default_rate
    SETTLEMENT_SHIPPING_RATE = var.settings.shipping_rate
    SETTLEMENT_MOMENT        = var.settings.moment
    PAYOUT_CYCLE             = var.settings.payout_cycle
    PAYOUT_DAY               = var.settings.payout_day
    PLATFORM_NAME            = var.settings.platform_name
    PLATFORM_BUSINESS_NUMBER = var.settings.platform_business_number
    METRICS_NAMESPACE        = var.common.metrics_namespace
  }

  policy_statements = concat(
    [
      {
        sid       = "Secrets"
        actions   = ["secretsmanager:GetSecretValue"]
        resources = local.secret_arns
      },
      {
        sid       = "Reports"
        actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
        resources = ["${local.bucket_arn}/settlements/*"]
      },
      {
        # Not called: without it S3 replies 403 and not 404 for a report that does not exist yet. No
        # condition on s3:prefix: AWS documents that key for requests that list, and a GET has no prefix.
        sid       = "MissingObjects"
        actions   = ["s3:ListBucket"]
        resources = [local.bucket_arn]
      },
      {
        sid       = "Queues"
        actions   = ["sqs:SendMessage"]
        resources = [var.mail_queue.arn, var.queue.arn]
      },
    ],
    length(var.common.given_kms_key_arns) == 0 ? [] : [{
      sid       = "GivenKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.common.given_kms_key_arns
    }],
  )
}
