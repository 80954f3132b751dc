# Objects, not invocations: of a queue or a batch job, failed objects are no error of the invocation.
resource "aws_cloudwatch_metric_alarm" "objects_failed" {
  alarm_name          = "${local.name}-image-objects-failed"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the photographs fail for reasons that may pass. ${local.guide}#objects-failed"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_percent
  evaluation_periods  = 2
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: without invocations there are no data points, and nothing failed.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "100 * failed / (failed + FILL(made, 0) + FILL(already_made, 0) + FILL(rejected, 0))"
    label       = "failed, % of objects"
    return_data = true
  }

  metric_query {
    id = "failed"
    metric {
      namespace   = var.namespace
      metric_name = "Failed"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.image.function_name
      }
    }
  }

  metric_query {
    id = "made"
    metric {
      namespace   = var.namespace
      metric_name = "Made"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.image.function_name
      }
    }
  }

  metric_query {
    id = "already_made"
    metric {
      namespace   = var.namespace
      metric_name = "AlreadyMade"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.image.function_name
      }
    }
  }

  metric_query {
    id = "rejected"
    metric {
      namespace   = var.namespace
      metric_name = "Rejected"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.image.function_name
      }
    }
  }
}
