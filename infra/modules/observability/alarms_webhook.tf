# The function gives every request a response, so a 500 is no error of the invocation.
resource "aws_cloudwatch_metric_alarm" "webhook_5xx" {
  alarm_name          = "${local.name}-webhook-http-5xx"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the webhooks get a 5xx: senders repeat them for days. ${local.guide}#http-5xx"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_percent
  evaluation_periods  = 2
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: without requests there are no data points, and nothing failed.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "100 * failed / requests"
    label       = "5xx, % of requests"
    return_data = true
  }

  metric_query {
    id = "failed"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Url5xxCount"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.webhook.function_name
        Resource     = "${var.functions.webhook.function_name}:${var.functions.webhook.alias}"
      }
    }
  }

  metric_query {
    id = "requests"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "UrlRequestCount"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.webhook.function_name
        Resource     = "${var.functions.webhook.function_name}:${var.functions.webhook.alias}"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "bad_signatures" {
  alarm_name          = "${local.name}-webhook-bad-signatures"
  alarm_description   = "More than ${var.thresholds.bad_signature_percent} % of the requests are not signed, or wrongly: a secret differs, a clock is wrong, or somebody guesses. ${local.guide}#bad-signatures"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.bad_signature_percent
  evaluation_periods  = 2
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: without requests there are no data points, and nothing was refused.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "IF(requests > ${var.thresholds.bad_signature_least}, 100 * FILL(refused, 0) / requests, 0)"
    label       = "refused, % of requests"
    return_data = true
  }

  metric_query {
    id = "refused"
    metric {
      namespace   = var.namespace
      metric_name = "SignaturesRefused"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.webhook.function_name
      }
    }
  }

  metric_query {
    id = "requests"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "UrlRequestCount"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.webhook.function_name
        Resource     = "${var.functions.webhook.function_name}:${var.functions.webhook.alias}"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "goods_and_money" {
  alarm_name          = "${local.name}-webhook-goods-and-money"
  alarm_description   = "A deposit was reversed, or an order cancelled, with goods on their way: call the warehouse. ${local.guide}#goods-and-money"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "Alarms"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.webhook.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the metric is written only when it happens, so silence is its zero.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "outbox_age" {
  alarm_name          = "${local.name}-webhook-outbox-age"
  alarm_description   = "A mail that an order owes waits longer than ${var.thresholds.outbox_age_s} s in the outbox. ${local.guide}#outbox-age"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.outbox_age_s
  evaluation_periods  = 2
  namespace           = var.namespace
  metric_name         = "OutboxOldestSeconds"
  statistic           = "Maximum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.webhook.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: a sweep that does not run is the alarm sweep-silent.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "sweep_silent" {
  alarm_name          = "${local.name}-webhook-sweep-silent"
  alarm_description   = "The outbox sweep, due every minute, has not run for 15 minutes: mails that failed once stay. ${local.guide}#sweep-silent"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 3
  namespace           = var.namespace
  metric_name         = "OutboxLeft"
  statistic           = "SampleCount"
  period              = 300
  dimensions = {
    FunctionName = var.functions.webhook.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: each sweep writes the metric, so silence is the failure.
  treat_missing_data = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "reconciliation" {
  alarm_name          = "${local.name}-webhook-reconciliation"
  alarm_description   = "Toss and the database differ about a day's payments: the lines of the log name each. ${local.guide}#reconciliation"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: the reconciliation runs once a day and writes the metric only for a difference.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "FILL(missing_here, 0) + FILL(missing_at_toss, 0) + FILL(different_amounts, 0)"
    label       = "differences"
    return_data = true
  }

  metric_query {
    id = "missing_here"
    metric {
      namespace   = var.namespace
      metric_name = "ReconciliationDifferences"
      stat        = "Sum"
      period      = 3600
      dimensions = {
        FunctionName = var.functions.webhook.function_name
        Difference   = "missing_here"
      }
    }
  }

  metric_query {
    id = "missing_at_toss"
    metric {
      namespace   = var.namespace
      metric_name = "ReconciliationDifferences"
      stat        = "Sum"
      period      = 3600
      dimensions = {
        FunctionName = var.functions.webhook.function_name
        Difference   = "missing_at_toss"
      }
    }
  }

  metric_query {
    id = "different_amounts"
    metric {
      namespace   = var.namespace
      metric_name = "ReconciliationDifferences"
      stat        = "Sum"
      period      = 3600
      dimensions = {
        FunctionName = var.functions.webhook.function_name
        Difference   = "different_amounts"
      }
    }
  }
}
