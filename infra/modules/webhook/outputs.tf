output "function" {
  description = "The outputs of modules/function."
  value       = module.function
}

output "url" {
  description = "The Function URL, with a slash at its end; null for the twin."
  value       = one(aws_lambda_function_url.this[*].function_url)
}

output "schedules" {
  description = "ARN, expression and time zone of each schedule."
  value       = module.schedule
}
