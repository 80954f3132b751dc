output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "ARN of the function without a version."
  value       = aws_lambda_function.this.arn
}

output "alias_name" {
  description = "The alias that triggers invoke."
  value       = aws_lambda_alias.live.name
}

output "alias_arn" {
  description = "ARN of the alias."
  value       = aws_lambda_alias.live.arn
}

output "alias_invoke_arn" {
  description = "ARN for invocations of the alias by API Gateway."
  value       = aws_lambda_alias.live.invoke_arn
}

output "version" {
  description = "The version that the last apply published; CodeDeploy moves the alias to it."
  value       = aws_lambda_function.this.version
}

output "role_name" {
  description = "Name of the execution role."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "ARN of the execution role."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "log_group_arn" {
  description = "ARN of the log group."
  value       = aws_cloudwatch_log_group.this.arn
}

output "timeout_s" {
  description = "Time limit of an invocation in seconds."
  value       = aws_lambda_function.this.timeout
}

output "memory_mb" {
  description = "Memory in MB."
  value       = aws_lambda_function.this.memory_size
}

output "reserved_concurrency" {
  description = "The reserved concurrency, or null."
  value       = var.reserved_concurrency
}
