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
  value       = sort([for key, alarm in local.alarms : aws_cloudwatch_metric_alarm.this[key].alarm_name if !lookup(alarm, "is_canary", false)])
}

output "canary_alarms" {
  description = "Names of the alarms that roll back a deployment, by the function's key."
  value       = { for key in keys(var.functions) : key => [for name, alarm in local.alarms_of_canaries : aws_cloudwatch_metric_alarm.this[name].alarm_name if alarm.of == key] }
}

output "query_names" {
  description = "Names of the saved queries of Logs Insights."
  value       = sort([for query in aws_cloudwatch_query_definition.this : query.name])
}
