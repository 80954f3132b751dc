output "topic_arn" {
  description = "SNS topic of all alarms."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "alarm_names" {
  description = "Names of the alarms that call a person."
  value       = sort(local.alarm_names)
}

output "canary_alarms" {
  description = "Names of the alarms that roll back a deployment, by the function's key."
  value       = local.canary_alarm_names
}

output "query_names" {
  description = "Names of the saved queries of Logs Insights."
  value       = sort([for query in aws_cloudwatch_query_definition.this : query.name])
}
