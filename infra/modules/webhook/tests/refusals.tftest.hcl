# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/webhook test`.

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

  memory_mb          = 512
  timeout_s          = 30
  webhook_secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:webhook-AbCdEf"
  failures_arn       = "arn:aws:sqs:ap-northeast-2:123456789012:failures"
  schedules          = { group_name = "openmarket-dev", dlq_arn = "arn:aws:sqs:ap-northeast-2:123456789012:schedules", sweeps = true, reconciles = false }
  store = {
    secret_arn     = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db-AbCdEf"
    mail_queue_url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mails"
    mail_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails"
  }
}

run "is_planned" {
  command = plan

  assert {
    condition     = length(aws_lambda_function_url.this) == 1 && aws_lambda_permission.url_invoke[0].invoked_via_function_url
    error_message = "The Function URL and its permission are not planned."
  }
}

run "the_twin_has_no_url" {
  command = plan

  variables {
    store         = null
    confirmed_url = "https://abc.lambda-url.ap-northeast-2.on.aws/webhooks/toss-confirmed"
    mapping       = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:hints", visibility_s = 180, maximum_concurrency = 2 }
  }

  assert {
    condition     = length(aws_lambda_function_url.this) == 0 && output.url == null
    error_message = "The twin can be called from outside."
  }
}

run "neither_a_store_nor_a_twin" {
  command = plan

  variables {
    store = null
  }

  expect_failures = [var.store]
}

run "a_store_and_a_twin" {
  command = plan

  variables {
    confirmed_url = "https://example.com/webhooks/toss-confirmed"
    mapping       = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:hints", visibility_s = 180, maximum_concurrency = 2 }
  }

  expect_failures = [var.store]
}

run "hints_for_no_twin" {
  command = plan

  variables {
    mapping = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:hints", visibility_s = 180, maximum_concurrency = 2 }
  }

  expect_failures = [var.mapping]
}

run "a_twin_that_posts_without_tls" {
  command = plan

  variables {
    store         = null
    confirmed_url = "http://example.com/webhooks/toss-confirmed"
    mapping       = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:hints", visibility_s = 180, maximum_concurrency = 2 }
  }

  expect_failures = [var.confirmed_url]
}

run "the_key_of_toss_by_its_name" {
  command = plan

  variables {
    toss = { secret_arn = "openmarket/dev/toss" }
  }

  expect_failures = [var.toss]
}

run "hints_by_their_url" {
  command = plan

  variables {
    confirm_queue = { url = "x", arn = "https://sqs.ap-northeast-2.amazonaws.com/1/hints" }
  }

  expect_failures = [var.confirm_queue]
}

run "toss_asked_here_and_by_the_twin" {
  command = plan

  variables {
    toss          = { secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:toss-AbCdEf" }
    confirm_queue = { url = "x", arn = "arn:aws:sqs:ap-northeast-2:123456789012:hints" }
  }

  expect_failures = [var.confirm_queue]
}

run "reconciled_without_toss" {
  command = plan

  variables {
    schedules = { group_name = "g", dlq_arn = "arn:aws:sqs:ap-northeast-2:123456789012:x", sweeps = true, reconciles = true }
  }

  expect_failures = [var.schedules]
}

run "failures_of_schedules_into_a_topic" {
  command = plan

  variables {
    schedules = { group_name = "g", dlq_arn = "arn:aws:sns:ap-northeast-2:123456789012:x", sweeps = true, reconciles = false }
  }

  expect_failures = [var.schedules]
}
