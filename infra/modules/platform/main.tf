data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  name = "${var.name_prefix}-${var.env}"
  tags = merge({ project = var.name_prefix, environment = var.env }, var.tags)

  common = {
    name_prefix              = var.name_prefix
    environment              = var.env
    architecture             = var.architecture
    zips_dir                 = var.zips_dir
    log_retention_days       = coalesce(var.log_retention_days, var.env == "prod" ? 30 : 7)
    log_level                = var.log_level
    metrics_namespace        = var.metrics_namespace
    tracing                  = var.tracing
    kms_key_arn              = var.kms_key_arn
    permissions_boundary_arn = var.permissions_boundary_arn
    given_kms_key_arns       = var.given_kms_key_arns
    tags                     = local.tags
  }

  has_twin   = var.toss.is_enabled && var.toss.confirm == "twin"
  has_direct = var.toss.is_enabled && var.toss.confirm == "direct"

  # By the keys that modules/observability and modules/deploy know.
  functions = merge(
    {
      image      = module.image.function
      email      = module.email.function
      settlement = module.settlement.function
      webhook    = module.webhook.function
      deploy     = module.deploy_check
    },
    { for twin in module.twin : "toss" => twin.function },
  )

  queues = merge(
    {
      email       = module.email_queue
      promotional = module.email_promotional_queue
      settlement  = module.settlement_queue
    },
    { for queue in module.toss_confirm_queue : "toss" => queue },
  )
}

module "buckets" {
  source = "../buckets"

  name_prefix              = var.name_prefix
  environment              = var.env
  uploads_bucket           = var.uploads_bucket
  uploads_bucket_versioned = var.uploads_bucket_versioned
  reports_bucket           = var.reports_bucket
  check_prefix             = local.check_prefix
  reports_retention_days   = var.reports_retention_days
  force_destroy            = var.force_destroy
  kms_key_arn              = var.kms_key_arn
  tags                     = local.tags
}

module "network" {
  source = "../network"

  name = local.name
  vpc  = var.vpc
  database = {
    port              = var.database.port
    security_group_id = var.database.security_group_id
    cidr_blocks       = var.database.cidr_blocks
  }
  tags = local.tags
}

module "mail" {
  source = "../mail"

  name_prefix        = var.name_prefix
  environment        = var.env
  domain             = var.mail.domain
  is_identity_ours   = var.mail.is_identity_ours
  hosted_zone_id     = var.mail.hosted_zone_id
  mail_from_label    = var.mail.mail_from_label
  sandbox_recipients = var.mail.sandbox_recipients
  kms_key_arn        = var.kms_key_arn
  tags               = local.tags
}

resource "aws_scheduler_schedule_group" "this" {
  name = local.name
  tags = local.tags
}
