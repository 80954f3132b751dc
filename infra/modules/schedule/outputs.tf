output "arn" {
  description = "ARN of the schedule."
  value       = aws_scheduler_schedule.this.arn
}

output "expression" {
  description = "The schedule's expression."
  value       = aws_scheduler_schedule.this.schedule_expression
}

output "timezone" {
  description = "The time zone of the expression."
  value       = aws_scheduler_schedule.this.schedule_expression_timezone
}
