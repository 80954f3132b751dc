output "application" {
  description = "Name of the CodeDeploy application."
  value       = aws_codedeploy_app.this.name
}

output "groups" {
  description = "Names of the deployment groups, by the function's key."
  value       = { for key, group in aws_codedeploy_deployment_group.this : key => group.deployment_group_name }
}

output "role_arn" {
  description = "Role of CodeDeploy."
  value       = aws_iam_role.this.arn
}

output "plan" {
  description = "What infra/deploy reads: application, hook, and of each function its alias, published version, group, strategy, alarms and whether it is checked and migrates. An environment passes it on as its output deploy."
  value       = local.plan
}
