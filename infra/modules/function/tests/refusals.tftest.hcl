# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/function test`.

variables {
  name               = "email-sender"
  environment        = "dev"
  zip                = "../../../build/package/x86_64/email-sender.zip"
  memory_mb          = 128
  timeout_s          = 30
  log_retention_days = 7
  mappings = {
    mails = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails", visibility_s = 180, batch_size = 10, maximum_concurrency = 2 }
  }
}

run "is_planned" {
  command = plan
}

run "a_zip_that_is_not_built" {
  command = plan

  variables {
    zip = "nowhere.zip"
  }

  expect_failures = [var.zip]
}

run "a_reserved_key" {
  command = plan

  variables {
    variables = { AWS_REGION = "ap-northeast-2" }
  }

  expect_failures = [var.variables]
}

run "more_at_once_than_reserved" {
  command = plan

  variables {
    reserved_concurrency = 1
  }

  expect_failures = [var.mappings]
}

run "one_at_once" {
  command = plan

  variables {
    mappings = { mails = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails", visibility_s = 180, batch_size = 10, maximum_concurrency = 1 } }
  }

  expect_failures = [var.mappings]
}

run "a_short_visibility" {
  command = plan

  variables {
    mappings = { mails = { queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:mails", visibility_s = 179, batch_size = 10, maximum_concurrency = 2 } }
  }

  expect_failures = [var.mappings]
}

run "an_action_with_a_wildcard" {
  command = plan

  variables {
    policy_statements = [{ sid = "All", actions = ["s3:*"], resources = ["arn:aws:s3:::b"] }]
  }

  expect_failures = [var.policy_statements]
}

run "every_resource" {
  command = plan

  variables {
    policy_statements = [{ sid = "All", actions = ["s3:GetObject"], resources = ["*"] }]
  }

  expect_failures = [var.policy_statements]
}
