# Visibility timeouts are six times the function's timeout; the settlement's is the contract's.
module "email_queue" {
  source = "../queue"

  name         = "${local.name}-email-queue"
  visibility_s = 6 * var.email.timeout_s
  kms_key_arn  = var.kms_key_arn
  tags         = local.tags
}

# Campaigns have a queue of their own, so that they delay no password reset.
module "email_promotional_queue" {
  source = "../queue"

  name         = "${local.name}-email-promotional-queue"
  visibility_s = 6 * var.email.timeout_s
  kms_key_arn  = var.kms_key_arn
  tags         = local.tags
}

module "settlement_queue" {
  source = "../queue"

  name         = "${local.name}-settlement-queue"
  visibility_s = 1800
  kms_key_arn  = var.kms_key_arn
  tags         = local.tags
}

module "toss_confirm_queue" {
  source = "../queue"
  count  = local.has_twin ? 1 : 0

  name         = "${local.name}-toss-confirm-queue"
  visibility_s = 6 * var.webhook.timeout_s
  kms_key_arn  = var.kms_key_arn
  tags         = local.tags
}

# Events that a function failed at for good (S3's, SES's, schedules'), and those that EventBridge Scheduler
# could not hand to Lambda.
resource "aws_sqs_queue" "failures" {
  for_each = toset(concat(
    ["image-processor", "email-sender", "settlement-report", "webhook-handler", "schedules"],
    local.has_twin ? ["toss-confirm"] : [],
  ))

  name                              = "${local.name}-${each.key}-failures"
  message_retention_seconds         = 14 * 86400
  visibility_timeout_seconds        = 60
  receive_wait_time_seconds         = 20
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 3600
  tags                              = local.tags
}
