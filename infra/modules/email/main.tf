locals {
  name = "email-sender"
}

module "function" {
  source = "../function"

  name                     = local.name
  name_prefix              = var.common.name_prefix
  environment              = var.common.environment
  description              = "Sends the queued mails through SES"
  zip                      = "${var.common.zips_dir}/${var.common.architecture}/${local.name}.zip"
  architecture             = var.common.architecture
  memory_mb                = var.memory_mb
  timeout_s                = var.timeout_s
  reserved_concurrency     = var.reserved_concurrency
  log_retention_days       = var.common.log_retention_days
  log_level                = var.common.log_level
  on_failure_arn           = var.failures_arn
  tracing                  = var.common.tracing
  kms_key_arn              = var.common.kms_key_arn
  permissions_boundary_arn = var.common.permissions_boundary_arn
  tags                     = var.common.tags

  mappings = { for key, queue in var.queues : key => {
    queue_arn           = queue.arn
    visibility_s        = queue.visibility_s
    batch_size          = 10
    maximum_concurrency = queue.maximum_concurrency
  } }

  variables = {
    FROM_EMAIL            = var.settings.from_email
    REPLY_TO_EMAIL        = var.settings.reply_to_email
    BCC_EMAIL             = var.settings.bcc_email
    SENDER_NAME           = var.settings.sender_name
    SENDER_EMAIL          = var.settings.sender_email
    SENDER_PHONE          = var.settings.sender_phone
    SENDER_ADDRESS        = var.settings.sender_address
    SES_CONFIGURATION_SET = var.configuration_set.name
    SES_SEND_RATE         = var.settings.send_rate
    IDEMPOTENCY_TABLE     = var.table.name
    IDEMPOTENCY_DAYS      = var.settings.idempotency_days
    DEAD_LETTER_QUEUE_URL = var.dead_letters.url
    ADDRESS_HASH_SECRET   = var.address_hash_secret_arn
    ENVIRONMENT           = var.common.environment
    METRICS_NAMESPACE     = var.common.metrics_namespace
  }

  policy_statements = concat(
    [
      {
        sid       = "SendMails"
        actions   = ["ses:SendEmail"]
        resources = concat(var.identity_arns, [var.configuration_set.arn])
      },
      {
        sid       = "Waits"
        actions   = ["sqs:ChangeMessageVisibility"]
        resources = sort(values(var.queues)[*].arn)
      },
      {
        sid       = "DeadLetters"
        actions   = ["sqs:SendMessage"]
        resources = [var.dead_letters.arn]
      },
      {
        sid       = "Record"
        actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        resources = [var.table.arn]
      },
    ],
    var.address_hash_secret_arn == null ? [] : [{
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [var.address_hash_secret_arn]
    }],
    length(var.common.given_kms_key_arns) == 0 ? [] : [{
      sid       = "GivenKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.common.given_kms_key_arns
    }],
  )
}

# Events of SES: an SNS topic invokes the function, which counts and logs them.
resource "aws_sns_topic_subscription" "events" {
  topic_arn = var.events_topic_arn
  protocol  = "lambda"
  endpoint  = module.function.alias_arn

  depends_on = [aws_lambda_permission.events]
}

resource "aws_lambda_permission" "events" {
  statement_id  = "MailEvents"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function_name
  qualifier     = module.function.alias_name
  principal     = "sns.amazonaws.com"
  source_arn    = var.events_topic_arn
}
