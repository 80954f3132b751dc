# 09:00 in Korea, which is 00:00 UTC: cron(0 0 * * ? *), cron(0 0 ? * MON *) and cron(0 0 1 * ? *) there.
# The inputs are heredocs, since jsonencode would write the < of the placeholder as \u003c.
locals {
  schedules = {
    daily = {
      expression  = "cron(0 9 * * ? *)"
      description = "Settles yesterday, at 09:00 in Korea"
      input       = <<-JSON
        {"reportType":"daily","time":"<aws.scheduler.scheduled-time>"}
      JSON
    }
    weekly = {
      expression  = "cron(0 9 ? * MON *)"
      description = "Settles the seven days before Monday, at 09:00 in Korea"
      input       = <<-JSON
        {"reportType":"weekly","time":"<aws.scheduler.scheduled-time>"}
      JSON
    }
    monthly = {
      expression  = "cron(0 9 1 * ? *)"
      description = "Settles the last month, on its first day at 09:00 in Korea"
      input       = <<-JSON
        {"reportType":"monthly","time":"<aws.scheduler.scheduled-time>"}
      JSON
    }
    watch = {
      expression  = "cron(30 9 * * ? *)"
      description = "Looks whether the runs that were due are closed, at 09:30 in Korea"
      input       = <<-JSON
        {"task":"watch","time":"<aws.scheduler.scheduled-time>"}
      JSON
    }
    close = {
      expression  = "cron(20 * * * ? *)"
      description = "Ends runs that are open too long, every hour"
      input       = <<-JSON
        {"task":"close"}
      JSON
    }
  }
}

module "schedule" {
  source   = "../schedule"
  for_each = local.schedules

  name                     = "${var.common.name_prefix}-${var.common.environment}-settlement-${each.key}"
  description              = each.value.description
  group_name               = var.schedules.group_name
  expression               = each.value.expression
  input                    = each.value.input
  target_arn               = module.function.alias_arn
  dlq_arn                  = var.schedules.dlq_arn
  enabled                  = var.schedules.is_enabled
  kms_key_arn              = var.common.kms_key_arn
  permissions_boundary_arn = var.common.permissions_boundary_arn
  tags                     = var.common.tags

  # A settlement may come late, never not at all.
  retry = {
    maximum_attempts = 185
    maximum_age_s    = 86400
  }
}
