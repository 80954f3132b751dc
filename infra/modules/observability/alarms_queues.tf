locals {
  all_dead_letter_queues = merge(
    { for key, queue in var.queues : key => queue.dead_letter_name },
    var.dead_letter_queues,
  )
  age_thresholds_s = {
    email       = var.thresholds.mail_age_s
    promotional = var.thresholds.promotional_age_s
    settlement  = var.thresholds.settlement_age_s
    toss        = var.thresholds.toss_age_s
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.all_dead_letter_queues

  alarm_name          = "${local.name}-${each.key}-dead-letters"
  alarm_description   = "Messages are in the dead-letter queue ${each.value}: a person decides what becomes of them. ${local.guide}#dead-letters"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  period              = 300
  dimensions = {
    QueueName = each.value
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: SQS writes no metrics of a queue that has been empty and unused for six hours.
  treat_missing_data = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  for_each = var.queues

  alarm_name          = "${local.name}-${each.key}-oldest-message"
  alarm_description   = "A message of ${each.value.name} waits longer than ${local.age_thresholds_s[each.key]} s. ${local.guide}#oldest-message"
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.age_thresholds_s[each.key]
  evaluation_periods  = 2
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  statistic           = "Maximum"
  period              = 300
  dimensions = {
    QueueName = each.value.name
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
  tags          = var.tags

  # Missing data: SQS writes no metrics of a queue that has been empty and unused for six hours.
  treat_missing_data = "notBreaching"
}
