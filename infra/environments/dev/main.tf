# prod has the same files by links; what is its own is in environment.tf, backend.tf and its variables' values.
provider "aws" {
  region = var.region

  # The credentials of another account are refused before anything is read.
  allowed_account_ids = [var.account_id]
}

module "platform" {
  source = "../../modules/platform"

  env          = local.env
  zips_dir     = var.zips_dir
  architecture = var.architecture
  alarm_email  = var.alarm_email
  kms_key_arn  = var.kms_key_arn
  guides_url   = var.guides_url
  tags         = var.tags

  uploads_bucket           = var.uploads_bucket
  uploads_bucket_versioned = var.uploads_bucket_versioned
  reports_bucket           = var.reports_bucket
  given_kms_key_arns       = var.given_kms_key_arns
  permissions_boundary_arn = "arn:aws:iam::${var.account_id}:policy/openmarket-${local.env}-boundary"
  force_destroy            = var.force_destroy
  image_trigger            = var.image_trigger
  reports_retention_days   = var.reports_retention_days

  log_level          = var.log_level
  log_retention_days = var.log_retention_days
  metrics_namespace  = var.metrics_namespace
  tracing            = var.tracing

  image       = var.image
  email       = var.email
  mail        = var.mail
  settlement  = var.settlement
  webhook     = var.webhook
  toss        = var.toss
  database    = var.database
  secret_arns = var.secret_arns
  vpc         = var.vpc
}
