# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/queue test`.

variables {
  name         = "openmarket-dev-mails"
  visibility_s = 180
}

run "ten_receives_then_the_dead_letters" {
  command = plan

  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 10 && jsondecode(aws_sqs_queue.this.redrive_policy).deadLetterTargetArn == aws_sqs_queue.dead_letters.arn
    error_message = "The redrive policy is not ten receives into the dead-letter queue."
  }
}

run "a_name_that_leaves_no_room_for_dlq" {
  command = plan

  variables {
    name = "n23456789012345678901234567890123456789012345678901234567890123456789012345678"
  }

  expect_failures = [var.name]
}

run "a_visibility_of_no_function" {
  command = plan

  variables {
    visibility_s = 17
  }

  expect_failures = [var.visibility_s]
}

run "a_visibility_beyond_twelve_hours" {
  command = plan

  variables {
    visibility_s = 43201
  }

  expect_failures = [var.visibility_s]
}

run "too_few_receives" {
  command = plan

  variables {
    max_receives = 4
  }

  expect_failures = [var.max_receives]
}

run "messages_kept_longer_than_sqs_does" {
  command = plan

  variables {
    retention_days = 15
  }

  expect_failures = [var.retention_days]
}

run "dead_letters_that_end_before_their_queue" {
  command = plan

  variables {
    retention_days             = 14
    dead_letter_retention_days = 13
  }

  expect_failures = [var.dead_letter_retention_days]
}

run "the_alias_of_a_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:alias/ours"
  }

  expect_failures = [var.kms_key_arn]
}
