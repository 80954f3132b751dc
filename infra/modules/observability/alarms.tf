# All alarms. alarms_*.tf say what each watches, by what stands behind the environment in its name:
#   of, text           the function or queue that the name begins with; what happened. The rest of the name is the
#                      section of infra/guides/on_call.md that the text links to.
#   above or below     the threshold
#   period_s, periods  default one of 300 s; alarming_periods: how many of them, if not all
#   metric             one metric, or
#   metrics, expression, label    several by the id that they have in the expression
#   missing            what missing data means, with the reason
#   is_canary          it rolls a deployment back and calls nobody
# A metric has a name and, where they are others, the statistic (Sum), the namespace (the functions' own), the
# dimensions (the name of the function `of`) or dimensions beside them (more).
locals {
  alarms = merge(
    local.alarms_of_functions, local.alarms_of_queues, local.alarms_of_images, local.alarms_of_mails,
    local.alarms_of_webhooks, local.alarms_of_settlements, local.alarms_of_canaries,
  )
  metrics = { for key, alarm in local.alarms : key => { for id, metric in lookup(alarm, "metrics", { only = lookup(alarm, "metric", null) }) : id => {
    namespace  = lookup(metric, "namespace", var.namespace)
    name       = metric.name
    statistic  = lookup(metric, "statistic", "Sum")
    dimensions = merge(lookup(metric, "dimensions", lookup(local.of_function, alarm.of, {})), lookup(metric, "more", {}))
  } } }
  # By the attributes and not by can(), which does not know while a version is not known.
  has_one_metric = { for key, alarm in local.alarms : key => contains(keys(alarm), "metric") }
  of_function    = { for key, function in var.functions : key => { FunctionName = function.function_name } }
  of_alias       = { for key, function in var.functions : key => merge(local.of_function[key], { Resource = "${function.function_name}:${function.alias}" }) }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.text} ${local.guide}#${trimprefix(each.key, "${each.value.of}-")}"
  comparison_operator = contains(keys(each.value), "below") ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = lookup(each.value, "above", lookup(each.value, "below", null))
  evaluation_periods  = lookup(each.value, "periods", 1)
  datapoints_to_alarm = lookup(each.value, "alarming_periods", null)
  treat_missing_data  = each.value.missing
  alarm_actions       = lookup(each.value, "is_canary", false) ? [] : [aws_sns_topic.alarms.arn]
  ok_actions          = lookup(each.value, "is_canary", false) ? [] : [aws_sns_topic.alarms.arn]
  tags                = var.tags

  namespace   = local.has_one_metric[each.key] ? local.metrics[each.key].only.namespace : null
  metric_name = local.has_one_metric[each.key] ? local.metrics[each.key].only.name : null
  statistic   = local.has_one_metric[each.key] ? local.metrics[each.key].only.statistic : null
  dimensions  = local.has_one_metric[each.key] && each.value.of != "ses" ? local.metrics[each.key].only.dimensions : null
  period      = local.has_one_metric[each.key] ? lookup(each.value, "period_s", 300) : null

  dynamic "metric_query" {
    for_each = local.has_one_metric[each.key] ? [] : [each.value]
    content {
      id          = "value"
      expression  = metric_query.value.expression
      label       = metric_query.value.label
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = local.has_one_metric[each.key] ? {} : local.metrics[each.key]
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        stat        = metric_query.value.statistic
        period      = lookup(each.value, "period_s", 300)
        dimensions  = metric_query.value.dimensions
      }
    }
  }
}
