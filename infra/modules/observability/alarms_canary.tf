# Alarms that roll a deployment back. They watch the new version alone: Lambda writes its metrics with the
# dimension ExecutedVersion for invocations by an alias, and the version is the one that the last apply
# published. One period of 60 s, because two of 300 s would outlast a canary of 15 minutes together with the
# delay of the metrics, and a tenth of the traffic would be diluted by the other nine. They call nobody:
# CodeDeploy stops the deployment and reports it.
locals {
  canaries = { for key, function in var.functions : key => function
  if contains(["image", "email", "webhook", "toss"], key) && function.published_version != null }

  canary_alarm_names = { for key in keys(var.functions) : key => compact([
    try(aws_cloudwatch_metric_alarm.canary_errors[key].alarm_name, ""),
    try(aws_cloudwatch_metric_alarm.canary_duration[key].alarm_name, ""),
    key == "webhook" ? try(aws_cloudwatch_metric_alarm.canary_5xx[key].alarm_name, "") : "",
    key == "email" && contains(keys(local.canaries), key) ? aws_cloudwatch_metric_alarm.canary_mail.alarm_name : "",
    key == "image" && contains(keys(local.canaries), key) ? aws_cloudwatch_metric_alarm.canary_objects.alarm_name : "",
  ]) }
}

resource "aws_cloudwatch_metric_alarm" "canary_errors" {
  for_each = local.canaries

  alarm_name          = "${local.name}-${each.key}-canary-errors"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the invocations of version ${each.value.published_version} of ${each.value.function_name} fail: the deployment is rolled back. ${local.guide}#canary-errors"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_percent
  evaluation_periods  = 1
  tags                = var.tags

  # Missing data: an invocation by the alias that another version handled writes none, so before and after a
  # canary there are no data points.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "100 * errors / invocations"
    label       = "errors of the new version, %"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName    = each.value.function_name
        Resource        = "${each.value.function_name}:${each.value.alias}"
        ExecutedVersion = each.value.published_version
      }
    }
  }

  metric_query {
    id = "invocations"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName    = each.value.function_name
        Resource        = "${each.value.function_name}:${each.value.alias}"
        ExecutedVersion = each.value.published_version
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "canary_duration" {
  for_each = local.canaries

  alarm_name          = "${local.name}-${each.key}-canary-duration"
  alarm_description   = "Version ${each.value.published_version} of ${each.value.function_name} takes more than ${var.thresholds.duration_percent_of_timeout} % of its time: the deployment is rolled back. ${local.guide}#canary-duration"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.timeout_s * 10 * var.thresholds.duration_percent_of_timeout
  evaluation_periods  = 1
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  statistic           = "Maximum"
  period              = 60
  dimensions = {
    FunctionName    = each.value.function_name
    Resource        = "${each.value.function_name}:${each.value.alias}"
    ExecutedVersion = each.value.published_version
  }
  tags = var.tags

  # Missing data: an invocation by the alias that another version handled writes none, so before and after a
  # canary there are no data points.
  treat_missing_data = "notBreaching"
}

# With the new version's own count where Lambda writes one for the Function URL; the alias's as well, which a
# version that fails always exceeds with its tenth of the requests.
resource "aws_cloudwatch_metric_alarm" "canary_5xx" {
  for_each = { for key, function in local.canaries : key => function if key == "webhook" }

  alarm_name          = "${local.name}-${each.key}-canary-5xx"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the webhooks that version ${each.value.published_version} handles get a 5xx, or of all: the deployment is rolled back. ${local.guide}#canary-5xx"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_percent
  evaluation_periods  = 1
  tags                = var.tags

  # Missing data: an invocation by the alias that another version handled writes none, so before and after a
  # canary there are no data points.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "MAX([IF(FILL(new_requests, 0) > 0, 100 * FILL(new_failed, 0) / FILL(new_requests, 1), 0), 100 * FILL(failed, 0) / FILL(requests, 1)])"
    label       = "5xx, %"
    return_data = true
  }

  metric_query {
    id = "new_failed"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Url5xxCount"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName    = each.value.function_name
        Resource        = "${each.value.function_name}:${each.value.alias}"
        ExecutedVersion = each.value.published_version
      }
    }
  }

  metric_query {
    id = "new_requests"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "UrlRequestCount"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName    = each.value.function_name
        Resource        = "${each.value.function_name}:${each.value.alias}"
        ExecutedVersion = each.value.published_version
      }
    }
  }

  metric_query {
    id = "failed"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Url5xxCount"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = each.value.function_name
        Resource     = "${each.value.function_name}:${each.value.alias}"
      }
    }
  }

  metric_query {
    id = "requests"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "UrlRequestCount"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = each.value.function_name
        Resource     = "${each.value.function_name}:${each.value.alias}"
      }
    }
  }
}

# Of both versions together: the functions' own metrics have no version. A version that fails always has a
# tenth of the mails, which is over the threshold.
resource "aws_cloudwatch_metric_alarm" "canary_mail" {
  alarm_name          = "${local.name}-email-canary-mail"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the mails are refused, unknown or come back: the deployment is rolled back. ${local.guide}#canary-mail"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_percent
  evaluation_periods  = 1
  tags                = var.tags

  # Missing data: without invocations there are no data points, and nothing failed.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "100 * (FILL(refused, 0) + FILL(unknown, 0) + FILL(unavailable, 0)) / (FILL(sent, 0) + FILL(refused, 0) + FILL(unknown, 0) + FILL(unavailable, 0))"
    label       = "failed, % of mails"
    return_data = true
  }

  metric_query {
    id = "sent"
    metric {
      namespace   = var.namespace
      metric_name = "MailsSent"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "refused"
    metric {
      namespace   = var.namespace
      metric_name = "MailsRefused"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }

  metric_query {
    id = "unknown"
    metric {
      namespace   = var.namespace
      metric_name = "MailsUnknown"
      stat        = "Sum"
      period      = 60
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
      period      = 60
      dimensions = {
        FunctionName = var.functions.email.function_name
      }
    }
  }
}

# Of both versions together, as above.
resource "aws_cloudwatch_metric_alarm" "canary_objects" {
  alarm_name          = "${local.name}-image-canary-objects"
  alarm_description   = "More than ${var.thresholds.error_percent} % of the photographs fail or are rejected as corrupt: the deployment is rolled back. ${local.guide}#canary-objects"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_percent
  evaluation_periods  = 1
  tags                = var.tags

  # Missing data: without invocations there are no data points, and nothing failed.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "value"
    expression  = "100 * (FILL(failed, 0) + FILL(corrupt, 0)) / (FILL(failed, 0) + FILL(made, 0) + FILL(already_made, 0) + FILL(corrupt, 0))"
    label       = "failed, % of objects"
    return_data = true
  }

  metric_query {
    id = "failed"
    metric {
      namespace   = var.namespace
      metric_name = "Failed"
      stat        = "Sum"
      period      = 60
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
      period      = 60
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
      period      = 60
      dimensions = {
        FunctionName = var.functions.image.function_name
      }
    }
  }

  metric_query {
    id = "corrupt"
    metric {
      namespace   = var.namespace
      metric_name = "Rejects"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = var.functions.image.function_name
        Reason       = "CORRUPT"
      }
    }
  }
}
