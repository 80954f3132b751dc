# A batch that fails in part is a success to Lambda: these are the messages that it reported to retry, less
# those that SES asked to wait.
resource "aws_cloudwatch_metric_alarm" "mail_failures" {
  alarm_name          = "${local.name}-email-mail-failures"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the mails come back to their queue for another reason than SES's rate. ${local.guide}#mail-failures"
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
    expression  = "100 * (FILL(retried, 0) + FILL(unavailable, 0) - FILL(throttled, 0)) / (FILL(sent, 0) + FILL(retried, 0) + FILL(unavailable, 0))"
    label       = "come back, % of mails"
    return_data = true
  }

  metric_query {
    id = "sent"
    metric {
      namespace   = var.namespace
      metric_name = "MailsSent"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "retried"
    metric {
      namespace   = var.namespace
      metric_name = "MailsRetried"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "unavailable"
    metric {
      namespace   = var.namespace
      metric_name = "MailsUnavailable"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "throttled"
    metric {
      namespace   = var.namespace
      metric_name = "ThrottledBySes"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "mail_unknown" {
  alarm_name          = "${local.name}-email-mail-unknown"
  alarm_description   = "Whether a mail went out is unknown: a person decides whether it is sent again. ${local.guide}#mail-unknown"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "MailsUnknown"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.email.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the metric is written only when it happens, so silence is its zero.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "mail_refused" {
  alarm_name          = "${local.name}-email-mail-refused"
  alarm_description   = "Messages were refused, so a producer writes what no mail can be made of. ${local.guide}#mail-refused"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = var.namespace
  metric_name         = "MailsRefused"
  statistic           = "Sum"
  period              = 300
  dimensions = {
    FunctionName = var.functions.email.function_name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: the metric is written only when it happens, so silence is its zero.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "mail_records" {
  alarm_name          = "${local.name}-email-mail-records"
  alarm_description   = "A sent mail could not be recorded, or a message could not be put into the dead-letter queue. ${local.guide}#mail-records"
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
    expression  = "FILL(incomplete, 0) + FILL(undelivered, 0)"
    label       = "records and dead letters"
    return_data = true
  }

  metric_query {
    id = "incomplete"
    metric {
      namespace   = var.namespace
      metric_name = "RecordIncomplete"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "undelivered"
    metric {
      namespace   = var.namespace
      metric_name = "DeadLettersFailed"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "bounce_rate" {
  alarm_name          = "${local.name}-email-bounce-rate"
  alarm_description   = "More than ${var.thresholds.bounce_percent} % of a day's mails bounce; SES reviews the account at 5 %. ${local.guide}#bounce-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.bounce_percent
  evaluation_periods  = 1
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: a day without mails has no rate.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "IF(sent > ${var.thresholds.mail_least}, 100 * FILL(bounced, 0) / sent, 0)"
    label       = "bounces, % of mails"
    return_data = true
  }

  metric_query {
    id = "sent"
    metric {
      namespace   = var.namespace
      metric_name = "MailsSent"
      stat        = "Sum"
      period      = 86400
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "bounced"
    metric {
      namespace   = var.namespace
      metric_name = "MailsBounced"
      stat        = "Sum"
      period      = 86400
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "complaint_rate" {
  alarm_name          = "${local.name}-email-complaint-rate"
  alarm_description   = "More than ${var.thresholds.complaint_percent} % of a day's mails are reported as spam; SES reviews the account at 0.1 %. ${local.guide}#complaint-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.complaint_percent
  evaluation_periods  = 1
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: a day without mails has no rate.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "IF(sent > ${var.thresholds.mail_least}, 100 * FILL(complained, 0) / sent, 0)"
    label       = "complaints, % of mails"
    return_data = true
  }

  metric_query {
    id = "sent"
    metric {
      namespace   = var.namespace
      metric_name = "MailsSent"
      stat        = "Sum"
      period      = 86400
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "complained"
    metric {
      namespace   = var.namespace
      metric_name = "MailsComplained"
      stat        = "Sum"
      period      = 86400
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }
}

# SES's own rates, over the mails that it takes as representative, of everything that the account sends.
resource "aws_cloudwatch_metric_alarm" "account_bounce_rate" {
  alarm_name          = "${local.name}-ses-account-bounce-rate"
  alarm_description   = "SES counts more than ${var.thresholds.bounce_percent} % of bounces for the whole account; at 5 % it reviews it. ${local.guide}#account-bounce-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.bounce_percent / 100
  evaluation_periods  = 1
  namespace           = "AWS/SES"
  metric_name         = "Reputation.BounceRate"
  statistic           = "Average"
  period              = 3600
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: SES writes the rate only as mails are sent; the last one stands until there is another.
  treat_missing_data = "ignore"
}

resource "aws_cloudwatch_metric_alarm" "account_complaint_rate" {
  alarm_name          = "${local.name}-ses-account-complaint-rate"
  alarm_description   = "SES counts more than ${var.thresholds.complaint_percent} % of complaints for the whole account; at 0.1 % it reviews it. ${local.guide}#account-complaint-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.complaint_percent / 100
  evaluation_periods  = 1
  namespace           = "AWS/SES"
  metric_name         = "Reputation.ComplaintRate"
  statistic           = "Average"
  period              = 3600
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Missing data: SES writes the rate only as mails are sent; the last one stands until there is another.
  treat_missing_data = "ignore"
}
