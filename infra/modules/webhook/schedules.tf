# The inputs are heredocs, since jsonencode would write the < of the placeholder as \u003c.
locals {
  schedules = {
    sweep = {
      wanted       = var.schedules.sweeps
      expression   = "rate(1 minute)"
      description  = "Sends the mails that are still owed"
      max_attempts = 0
      max_age_s    = 60
      input        = <<-JSON
        {"task":"sweep","time":"<aws.scheduler.scheduled-time>"}
      JSON
    }
    reconcile = {
      wanted       = var.schedules.reconciles
      expression   = "cron(30 4 * * ? *)"
      description  = "Compares yesterday's payments with Toss's, at 04:30 in Korea"
      max_attempts = 185
      max_age_s    = 86400
      input        = <<-JSON
        {"task":"reconcile","time":"<aws.scheduler.scheduled-time>"}
      JSON
    }
  }
}

module "schedule" {
  source   = "../schedule"
  for_each = { for key, schedule in local.schedules : key => schedule if schedule.wanted }

  name                     = "${var.common.name_prefix}-${var.common.environment}-webhook-${each.key}"
  description              = each.value.description
  group_name               = var.schedules.group_name
  expression               = each.value.expression
  input                    = each.value.input
  target_arn               = module.function.alias_arn
  dlq_arn                  = var.schedules.dlq_arn
  kms_key_arn              = var.common.kms_key_arn
  permissions_boundary_arn = var.common.permissions_boundary_arn
  tags                     = var.common.tags

  retry = {
    maximum_attempts = each.value.max_attempts
    maximum_age_s    = each.value.max_age_s
  }
}
