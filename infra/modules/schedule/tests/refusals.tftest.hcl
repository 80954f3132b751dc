# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/schedule test`.

variables {
  name       = "openmarket-dev-daily"
  group_name = "openmarket-dev"
  expression = "cron(0 9 * * ? *)"
  target_arn = "arn:aws:lambda:ap-northeast-2:123456789012:function:settlement:live"
  dlq_arn    = "arn:aws:sqs:ap-northeast-2:123456789012:failures"
  input      = <<-JSON
    {"time":"<aws.scheduler.scheduled-time>"}
  JSON
}

run "the_placeholder_stays_as_it_is" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.this.target[0].input == "{\"time\":\"<aws.scheduler.scheduled-time>\"}"
    error_message = "The input is not what EventBridge Scheduler fills in."
  }
}

run "jsonencode_escapes_the_placeholder" {
  command = plan

  variables {
    input = jsonencode({ time = "<aws.scheduler.scheduled-time>" })
  }

  expect_failures = [var.input]
}

run "a_target_without_the_alias" {
  command = plan

  variables {
    target_arn = "arn:aws:lambda:ap-northeast-2:123456789012:function:settlement"
  }

  expect_failures = [var.target_arn]
}

run "a_cron_of_five_fields" {
  command = plan

  variables {
    expression = "cron(0 9 * * *)"
  }

  expect_failures = [var.expression]
}
