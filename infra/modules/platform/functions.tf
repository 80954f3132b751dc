module "image" {
  source = "../image"

  common               = local.common
  memory_mb            = var.image.memory_mb
  timeout_s            = var.image.timeout_s
  reserved_concurrency = var.image.reserved_concurrency
  bucket               = module.buckets.uploads
  trigger              = var.image_trigger
  backfill             = var.image.backfill
  settings             = var.image

  failures = {
    arn = aws_sqs_queue.failures["image-processor"].arn
    url = aws_sqs_queue.failures["image-processor"].url
  }
}

module "email" {
  source = "../email"

  common                  = local.common
  memory_mb               = var.email.memory_mb
  timeout_s               = var.email.timeout_s
  reserved_concurrency    = var.email.reserved_concurrency
  table                   = module.mail.table
  identity_arns           = module.mail.identity_arns
  configuration_set       = module.mail.configuration_set
  events_topic_arn        = module.mail.events_topic_arn
  address_hash_secret_arn = local.secrets["email-hash-key"]
  failures_arn            = aws_sqs_queue.failures["email-sender"].arn
  settings                = var.email

  queues = {
    transactional = {
      arn                 = module.email_queue.arn
      visibility_s        = module.email_queue.visibility_s
      maximum_concurrency = var.email.transactional_at_once
    }
    promotional = {
      arn                 = module.email_promotional_queue.arn
      visibility_s        = module.email_promotional_queue.visibility_s
      maximum_concurrency = var.email.promotional_at_once
    }
  }

  # One queue for what the function itself gives up; each message names the queue that it came from.
  dead_letters = {
    arn = module.email_queue.dead_letter_arn
    url = module.email_queue.dead_letter_url
  }
}

module "settlement" {
  source = "../settlement"

  common               = local.common
  memory_mb            = var.settlement.memory_mb
  timeout_s            = var.settlement.timeout_s
  reserved_concurrency = var.settlement.reserved_concurrency
  vpc                  = module.network.vpc
  database             = local.database
  reports_bucket       = module.buckets.reports_bucket
  failures_arn         = aws_sqs_queue.failures["settlement-report"].arn
  settings             = var.settlement

  mail_queue = {
    url = module.email_queue.url
    arn = module.email_queue.arn
  }

  queue = {
    url                 = module.settlement_queue.url
    arn                 = module.settlement_queue.arn
    visibility_s        = module.settlement_queue.visibility_s
    maximum_concurrency = var.settlement.batches_at_once
  }

  schedules = {
    group_name = aws_scheduler_schedule_group.this.name
    dlq_arn    = aws_sqs_queue.failures["schedules"].arn
    is_enabled = var.settlement.is_scheduled
  }
}

module "webhook" {
  source = "../webhook"

  common               = local.common
  memory_mb            = var.webhook.memory_mb
  timeout_s            = var.webhook.timeout_s
  reserved_concurrency = var.webhook.reserved_concurrency
  vpc                  = module.network.vpc
  webhook_secret_arn   = local.secrets["webhook"]
  reports_bucket       = local.has_direct ? module.buckets.reports_bucket : null
  failures_arn         = aws_sqs_queue.failures["webhook-handler"].arn

  store = merge(local.database, {
    mail_queue_url         = module.email_queue.url
    mail_queue_arn         = module.email_queue.arn
    unsubscribe_secret_arn = local.secrets["unsubscribe"]
    inbox_days             = var.webhook.inbox_days
    outbox_days            = var.webhook.outbox_days
  })

  toss = local.has_direct ? {
    secret_arn = local.secrets["toss"]
    api_url    = var.toss.api_url
  } : null

  confirm_queue = local.has_twin ? {
    url = module.toss_confirm_queue[0].url
    arn = module.toss_confirm_queue[0].arn
  } : null

  schedules = {
    group_name = aws_scheduler_schedule_group.this.name
    dlq_arn    = aws_sqs_queue.failures["schedules"].arn
    sweeps     = true
    reconciles = local.has_direct
  }
}

# The same program outside of the VPC: it asks Toss, and posts what it hears to the Function URL.
module "twin" {
  source = "../webhook"
  count  = local.has_twin ? 1 : 0

  common             = local.common
  name               = "toss-confirm"
  memory_mb          = var.webhook.memory_mb
  timeout_s          = var.webhook.timeout_s
  webhook_secret_arn = local.secrets["webhook"]
  confirmed_url      = "${module.webhook.url}webhooks/toss-confirmed"
  failures_arn       = aws_sqs_queue.failures["toss-confirm"].arn

  toss = {
    secret_arn = local.secrets["toss"]
    api_url    = var.toss.api_url
  }

  mapping = {
    queue_arn           = module.toss_confirm_queue[0].arn
    visibility_s        = module.toss_confirm_queue[0].visibility_s
    maximum_concurrency = var.toss.at_once
  }

  schedules = {
    group_name = aws_scheduler_schedule_group.this.name
    dlq_arn    = aws_sqs_queue.failures["schedules"].arn
    sweeps     = false
    reconciles = true
  }
}
