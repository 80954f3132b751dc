# Either S3's notification (five invocations an upload: the function's outputs are below the prefix, too)
# or an EventBridge rule that excludes the outputs. lambda/README.md, "What it costs", compares them.

data "aws_caller_identity" "current" {}

locals {
  is_notification = var.trigger == "notification"
  rule_name       = "${var.common.name_prefix}-${var.common.environment}-uploads"

  # Matchers of one field are alternatives, so that no prefix may stand beside this one; the function
  # itself looks at the prefix.
  pattern = {
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [var.bucket.name] }
      object = { key = [{ "anything-but" = { wildcard = "*/${var.settings.output_folder}/*" } }] }
    }
  }
}

resource "aws_lambda_permission" "bucket" {
  count = local.is_notification ? 1 : 0

  statement_id   = "UploadsBucket"
  action         = "lambda:InvokeFunction"
  function_name  = module.function.function_name
  qualifier      = module.function.alias_name
  principal      = "s3.amazonaws.com"
  source_arn     = local.bucket_arn
  source_account = data.aws_caller_identity.current.account_id
}

# A bucket has one notification configuration: this one replaces whatever is there, so it exists for a
# bucket of ours alone.
resource "aws_s3_bucket_notification" "this" {
  count = var.bucket.is_ours ? 1 : 0

  bucket      = var.bucket.name
  eventbridge = !local.is_notification

  dynamic "lambda_function" {
    for_each = local.is_notification ? [module.function.alias_arn] : []
    content {
      id                  = local.rule_name
      lambda_function_arn = lambda_function.value
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = var.settings.source_prefix
    }
  }

  # S3 tries the permission when the notification is set.
  depends_on = [aws_lambda_permission.bucket]
}

resource "aws_cloudwatch_event_rule" "this" {
  count = local.is_notification ? 0 : 1

  name          = local.rule_name
  description   = "Objects of ${var.bucket.name} that are no outputs"
  event_pattern = jsonencode(local.pattern)
  tags          = var.common.tags
}

resource "aws_cloudwatch_event_target" "this" {
  count = local.is_notification ? 0 : 1

  rule      = aws_cloudwatch_event_rule.this[0].name
  target_id = "function"
  arn       = module.function.alias_arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = var.failures.arn
  }
}

resource "aws_lambda_permission" "rule" {
  count = local.is_notification ? 0 : 1

  statement_id  = "UploadsRule"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function_name
  qualifier     = module.function.alias_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[0].arn
}

# EventBridge writes dead letters without a role: the queue lets it.
resource "aws_sqs_queue_policy" "failures" {
  count = local.is_notification ? 0 : 1

  queue_url = var.failures.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "UploadsRule"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = var.failures.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.this[0].arn } }
    }]
  })
}
