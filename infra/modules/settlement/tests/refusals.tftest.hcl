# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/settlement test`.

variables {
  common = {
    name_prefix              = "openmarket"
    environment              = "dev"
    architecture             = "x86_64"
    zips_dir                 = "../../../build/package"
    log_retention_days       = 7
    log_level                = "INFO"
    metrics_namespace        = "OpenMarket"
    tracing                  = true
    kms_key_arn              = null
    permissions_boundary_arn = null
    given_kms_key_arns       = []
    tags                     = {}
  }

  memory_mb      = 512
  timeout_s      = 300
  vpc            = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  database       = { secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db-AbCdEf" }
  reports_bucket = "reports"
  mail_queue     = { url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mails", arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails" }
  queue          = { url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/batches", arn = "arn:aws:sqs:ap-northeast-2:123456789012:batches", visibility_s = 1800, maximum_concurrency = 2 }
  failures_arn   = "arn:aws:sqs:ap-northeast-2:123456789012:failures"
  schedules      = { group_name = "openmarket-dev", dlq_arn = "arn:aws:sqs:ap-northeast-2:123456789012:schedules", is_enabled = true }
  settings       = {}
}

run "five_schedules" {
  command = plan

  assert {
    condition     = length(output.schedules) == 5
    error_message = "The five schedules are not planned."
  }
}

run "a_secret_by_its_name" {
  command = plan

  variables {
    database = { secret_arn = "openmarket/dev/db" }
  }

  expect_failures = [var.database]
}

run "mails_by_their_url" {
  command = plan

  variables {
    mail_queue = { url = "x", arn = "https://sqs.ap-northeast-2.amazonaws.com/1/mails" }
  }

  expect_failures = [var.mail_queue]
}

run "batches_by_their_url" {
  command = plan

  variables {
    queue = { url = "x", arn = "https://sqs.ap-northeast-2.amazonaws.com/1/batches", visibility_s = 1800, maximum_concurrency = 2 }
  }

  expect_failures = [var.queue]
}

run "failures_of_schedules_into_a_topic" {
  command = plan

  variables {
    schedules = { group_name = "g", dlq_arn = "arn:aws:sns:ap-northeast-2:123456789012:x", is_enabled = true }
  }

  expect_failures = [var.schedules]
}

run "a_payout_before_the_period_ends" {
  command = plan

  variables {
    settings = { payout_day = -1 }
  }

  expect_failures = [var.settings]
}

run "a_payout_after_years" {
  command = plan

  variables {
    settings = { payout_day = 367 }
  }

  expect_failures = [var.settings]
}

run "a_payout_at_half_a_day" {
  command = plan

  variables {
    settings = { payout_day = 1.5 }
  }

  expect_failures = [var.settings]
}
