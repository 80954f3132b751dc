data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  name = "${var.name_prefix}-${var.env}"

  # Predefined by CodeDeploy (docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html).
  configurations = {
    canary      = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
    all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
  }

  plan = {
    application = aws_codedeploy_app.this.name
    hook        = var.hook.function_name
    functions = { for key, function in var.functions : key => {
      function_name     = function.function_name
      alias             = function.alias
      published_version = function.published_version
      group             = aws_codedeploy_deployment_group.this[key].deployment_group_name
      strategy          = function.strategy
      alarms            = function.alarms
      is_checked        = function.is_checked
      migrates          = function.migrates
    } }
  }
}

resource "aws_codedeploy_app" "this" {
  name             = local.name
  compute_platform = "Lambda"
  tags             = var.tags
}

resource "aws_codedeploy_deployment_group" "this" {
  for_each = var.functions

  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = each.key
  service_role_arn       = aws_iam_role.this.arn
  deployment_config_name = local.configurations[each.value.strategy]
  tags                   = var.tags

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = length(each.value.alarms) > 0
    alarms  = each.value.alarms
    # A deployment that cannot see its alarms stops.
    ignore_poll_alarm_failure = false
  }

  dynamic "trigger_configuration" {
    for_each = var.topic_arn == null ? [] : [var.topic_arn]
    content {
      trigger_name       = "on-call"
      trigger_target_arn = trigger_configuration.value
      trigger_events     = ["DeploymentFailure", "DeploymentStop", "DeploymentRollback"]
    }
  }

  # Without its rights CodeDeploy refuses the group's role.
  depends_on = [aws_iam_role_policy.this]
}
