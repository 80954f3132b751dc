output "state_bucket" {
  description = "Bucket of the state: terraform init -backend-config=\"bucket=...\"."
  value       = aws_s3_bucket.state.id
}

output "deploy_role_arns" {
  description = "Role of each environment, for the workflows."
  value       = { for key, role in aws_iam_role.deploy : key => role.arn }
}
