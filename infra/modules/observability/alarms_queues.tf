locals {
  all_dead_letter_queues = merge({ for key, queue in var.queues : key => queue.dead_letter_name }, var.dead_letter_queues)
  age_thresholds_s = {
    email       = var.thresholds.mail_age_s
    promotional = var.thresholds.promotional_age_s
    settlement  = var.thresholds.settlement_age_s
    toss        = var.thresholds.toss_age_s
  }

  # Missing data: SQS writes no metrics of a queue that has been empty and unused for six hours.
  alarms_of_queues = merge(
    { for key, name in local.all_dead_letter_queues : "${key}-dead-letters" => {
      of      = key
      text    = "Messages are in the dead-letter queue ${name}: a person decides what becomes of them."
      above   = 0
      metric  = { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", dimensions = { QueueName = name } }
      missing = "notBreaching"
    } },
    { for key, queue in var.queues : "${key}-oldest-message" => {
      of      = key
      text    = "A message of ${queue.name} waits longer than ${local.age_thresholds_s[key]} s."
      above   = local.age_thresholds_s[key]
      periods = 2
      metric  = { namespace = "AWS/SQS", name = "ApproximateAgeOfOldestMessage", statistic = "Maximum", dimensions = { QueueName = queue.name } }
      missing = "notBreaching"
    } },
  )
}
