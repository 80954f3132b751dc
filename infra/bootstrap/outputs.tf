output "state_bucket" {
  description = "Bucket of the state: terraform init -backend-config=\"bucket=...\"."
  value       = aws_s3_bucket.state.id
}

output "deploy_role_arns" {
  description = "Role of each environment, for the workflows."
  value       = { for key, role in aws_iam_role.deploy : key => role.arn }
}

output "permissions_boundary_arns" {
  description = "Policy of each environment that bounds what its roles may do at most; the environments name it themselves."
  value       = { for key, policy in aws_iam_policy.boundary : key => policy.arn }
}
