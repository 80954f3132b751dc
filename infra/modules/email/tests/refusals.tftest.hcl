# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/email test`.

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

  memory_mb         = 128
  timeout_s         = 30
  queues            = { transactional = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails", visibility_s = 180, maximum_concurrency = 2 } }
  dead_letters      = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails-dlq", url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mails-dlq" }
  failures_arn      = "arn:aws:sqs:ap-northeast-2:123456789012:failures"
  table             = { name = "sent", arn = "arn:aws:dynamodb:ap-northeast-2:123456789012:table/sent" }
  identity_arns     = ["arn:aws:ses:ap-northeast-2:123456789012:identity/example.com"]
  configuration_set = { name = "openmarket-dev", arn = "arn:aws:ses:ap-northeast-2:123456789012:configuration-set/openmarket-dev" }
  events_topic_arn  = "arn:aws:sns:ap-northeast-2:123456789012:events"
  settings          = { from_email = "no-reply@example.com" }
}

run "is_planned" {
  command = plan
}

run "no_sender" {
  command = plan

  variables {
    settings = { from_email = "example.com" }
  }

  expect_failures = [var.settings]
}

run "no_identity" {
  command = plan

  variables {
    identity_arns = []
  }

  expect_failures = [var.identity_arns]
}

run "a_queue_by_its_url" {
  command = plan

  variables {
    queues = { transactional = { arn = "https://sqs.ap-northeast-2.amazonaws.com/1/mails", visibility_s = 180, maximum_concurrency = 2 } }
  }

  expect_failures = [var.queues]
}

run "dead_letters_by_their_name" {
  command = plan

  variables {
    dead_letters = { arn = "mails-dlq", url = "mails-dlq" }
  }

  expect_failures = [var.dead_letters]
}

run "a_table_by_its_arn" {
  command = plan

  variables {
    table = { name = "arn:aws:dynamodb:::table/sent", arn = "arn:aws:dynamodb:::table/sent" }
  }

  expect_failures = [var.table]
}

run "a_configuration_set_with_a_blank" {
  command = plan

  variables {
    configuration_set = { name = "our set", arn = "arn:aws:ses:::configuration-set/x" }
  }

  expect_failures = [var.configuration_set]
}

run "events_into_a_queue" {
  command = plan

  variables {
    events_topic_arn = "arn:aws:sqs:ap-northeast-2:123456789012:events"
  }

  expect_failures = [var.events_topic_arn]
}
