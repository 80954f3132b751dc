output "function" {
  description = "The outputs of modules/function."
  value       = module.function
}

output "schedules" {
  description = "ARN, expression and time zone of each schedule."
  value       = module.schedule
}
