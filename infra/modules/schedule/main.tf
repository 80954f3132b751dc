# EventBridge Scheduler, not rules: its expressions are in a time zone, so that 09:00 in Korea stands
# here as 9, and its input can carry the schedule's own time.
data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  group_arn = "arn:aws:scheduler:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:schedule-group/${var.group_name}"
}

resource "aws_scheduler_schedule" "this" {
  name                         = var.name
  description                  = var.description
  group_name                   = var.group_name
  schedule_expression          = var.expression
  schedule_expression_timezone = "Asia/Seoul"
  state                        = var.enabled ? "ENABLED" : "DISABLED"
  kms_key_arn                  = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.target_arn
    role_arn = aws_iam_role.this.arn
    input    = trimspace(var.input)

    retry_policy {
      maximum_retry_attempts       = var.retry.maximum_attempts
      maximum_event_age_in_seconds = var.retry.maximum_age_s
    }

    dead_letter_config {
      arn = var.dlq_arn
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-schedule"
  description          = "Lets the schedule ${var.name} invoke its function"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnEquals    = { "aws:SourceArn" = local.group_arn }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "schedule"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "InvokeFunction"
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = [var.target_arn]
        },
        {
          Sid      = "SendDeadLetter"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = [var.dlq_arn]
        },
      ],
      var.kms_key_arn == null ? [] : [{
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
      }],
    )
  })
}
