resource "aws_cloudwatch_metric_alarm" "settlement_overdue" {
  alarm_name          = "${local.name}-settlement-overdue"
  alarm_description   = "A settlement that was due at 09:00 KST is not done at 09:30. ${local.guide}#overdue"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "SettlementOverdue"
  statistic           = "Maximum"
  period              = 3600
  dimensions = {
    FunctionName = var.functions.settlement.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the watchdog reports once a day, and its state stands until the next report. A watchdog
  # that does not run is the alarm watch-silent.
  treat_missing_data = "ignore"
}

# 26 periods and not 24: the hour of a report may be the one under way, which is still empty. At most seven
# days (PutMetricAlarm, for periods of an hour or more).
resource "aws_cloudwatch_metric_alarm" "settlement_watch_silent" {
  for_each = var.is_settlement_watched ? toset(["settlement"]) : toset([])

  alarm_name          = "${local.name}-${each.key}-watch-silent"
  alarm_description   = "The settlement's watchdog, due at 09:30 KST, has not reported for 26 hours: nobody knows whether sellers are settled. ${local.guide}#watch-silent"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 26
  datapoints_to_alarm = 26
  namespace           = var.namespace
  metric_name         = "SettlementOverdue"
  statistic           = "SampleCount"
  period              = 3600
  dimensions = {
    FunctionName = var.functions.settlement.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: each report writes the metric, so silence is the failure.
  treat_missing_data = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "settlement_incomplete" {
  alarm_name          = "${local.name}-settlement-incomplete"
  alarm_description   = "A settlement run ended with sellers that are not settled: the line run names them. ${local.guide}#incomplete"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "SettlementRuns"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.settlement.function_name
    Status       = "incomplete"
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the metric is written only when it happens, so silence is its zero.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "settlement_sellers_failed" {
  alarm_name          = "${local.name}-settlement-sellers-failed"
  alarm_description   = "Sellers could not be settled for a reason of their own data: the lines seller name order and field. ${local.guide}#sellers-failed"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "SettlementSellersFailed"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.settlement.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: a run writes the metric once, at its end.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "settlement_differences" {
  alarm_name          = "${local.name}-settlement-differences"
  alarm_description   = "Payments and settled lines differ: the check's object lists the orders. ${local.guide}#differences"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "SettlementDifferences"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.settlement.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: a check writes the metric, and checks are made by hand or once a month.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "certificate" {
  alarm_name          = "${local.name}-settlement-certificate"
  alarm_description   = "An authority in the bundle that the database's certificate is held against ends in less than ${var.thresholds.certificate_days} days: build and deploy with the new bundle. ${local.guide}#certificate"
  comparison_operator = "LessThanThreshold"
  threshold           = var.thresholds.certificate_days
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "DatabaseCaDaysLeft"
  statistic           = "Minimum"
  period              = 3600
  dimensions = {
    FunctionName = var.functions.settlement.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the watchdog reports once a day, and its state stands until the next report.
  treat_missing_data = "ignore"
}
