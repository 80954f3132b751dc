output "table" {
  description = "Name and ARN of the table with the record of sent mails."
  value = {
    name = aws_dynamodb_table.sent.name
    arn  = aws_dynamodb_table.sent.arn
  }
}

output "configuration_set" {
  description = "Name and ARN of the configuration set."
  value = {
    name = aws_sesv2_configuration_set.this.configuration_set_name
    arn  = "${local.ses_arn}:configuration-set/${local.name}"
  }
}

output "identity_arns" {
  description = "Identities that mails may come from and, in a sandbox account, go to."
  value       = concat([local.identity_arn], [for recipient in var.sandbox_recipients : "${local.ses_arn}:identity/${recipient}"])
}

output "events_topic_arn" {
  description = "ARN of the topic of SES's events."
  value       = aws_sns_topic.events.arn
}

output "dns_records" {
  description = "Records that have to exist; empty if they were made here."
  value       = var.hosted_zone_id == null ? local.records : {}
}
