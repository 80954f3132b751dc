# The contracted alarm: the error rate over two periods of 300 s.
resource "aws_cloudwatch_metric_alarm" "error_rate" {
  for_each = var.functions

  alarm_name          = "${local.name}-${each.key}-error-rate"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the invocations of ${each.value.function_name} fail. ${local.guide}#error-rate"
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
    expression  = "100 * errors / invocations"
    label       = "errors, % of invocations"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = each.value.function_name
      }
    }
  }

  metric_query {
    id = "invocations"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = each.value.function_name
      }
    }
  }
}

# Lambda counts a throttled invocation neither as an invocation nor as an error; of a queue it counts as a
# receive of each message.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = var.functions

  alarm_name          = "${local.name}-${each.key}-throttles"
  alarm_description   = "Lambda refuses invocations of ${each.value.function_name}: no concurrency is left. ${local.guide}#throttles"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.throttles
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = each.value.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the metric is written only when it happens, so silence is its zero.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each = var.functions

  alarm_name          = "${local.name}-${each.key}-duration"
  alarm_description   = "An invocation of ${each.value.function_name} takes more than ${var.thresholds.duration_percent_of_timeout} % of its ${each.value.timeout_s} s. ${local.guide}#duration"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.timeout_s * 10 * var.thresholds.duration_percent_of_timeout
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  statistic           = "Maximum"
  period              = 300
  dimensions = {
    FunctionName = each.value.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: without invocations there are no data points, and nothing failed.
  treat_missing_data = "notBreaching"
}

# Asynchronous events (S3, schedules, SNS) that are gone: too old, or without a place in the on-failure queue.
# None of it is an error of the function.
resource "aws_cloudwatch_metric_alarm" "events_lost" {
  for_each = var.functions

  alarm_name          = "${local.name}-${each.key}-events-lost"
  alarm_description   = "Lambda gave up events of ${each.value.function_name} or could not deliver them to the on-failure queue. ${local.guide}#events-lost"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: the metric is written only when it happens, so silence is its zero.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "FILL(dropped, 0) + FILL(undelivered, 0)"
    label       = "events lost"
    return_data = true
  }

  metric_query {
    id = "dropped"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "AsyncEventsDropped"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = each.value.function_name
      }
    }
  }

  metric_query {
    id = "undelivered"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "DestinationDeliveryFailures"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = each.value.function_name
      }
    }
  }
}
