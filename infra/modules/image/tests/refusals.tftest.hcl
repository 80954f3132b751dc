# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/image test`.

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

  memory_mb = 256
  timeout_s = 60
  trigger   = "notification"
  bucket    = { name = "uploads", is_ours = true, versioned = true }
  settings  = { source_prefix = "uploads/", output_folder = "processed" }
  failures  = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:failures", url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/failures" }
}

run "a_bucket_of_ours_is_notified" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 1 && length(output.owner_must_add) == 0
    error_message = "The notification is not set."
  }
}

run "a_given_bucket_is_not_touched" {
  command = plan

  variables {
    bucket = { name = "theirs", is_ours = false, versioned = true }
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0 && length(output.owner_must_add) == 3
    error_message = "The owner is not told what to add."
  }
}

run "a_trigger_that_does_not_exist" {
  command = plan

  variables {
    trigger = "queue"
  }

  expect_failures = [var.trigger]
}

run "a_prefix_that_is_no_folder" {
  command = plan

  variables {
    settings = { source_prefix = "uploads", output_folder = "processed" }
  }

  expect_failures = [var.settings]
}

run "a_decoder_that_does_not_exist" {
  command = plan

  variables {
    settings = { source_prefix = "uploads/", output_folder = "processed", jpeg_decoder = "libjpeg-turbo" }
  }

  expect_failures = [var.settings]
}

run "the_own_decoder_switched_off" {
  command = plan

  variables {
    settings = { source_prefix = "uploads/", output_folder = "processed", jpeg_decoder = "libjpeg" }
  }
}

run "an_arn_for_a_bucket" {
  command = plan

  variables {
    bucket = { name = "arn:aws:s3:::uploads", is_ours = true, versioned = true }
  }

  expect_failures = [var.bucket]
}

run "failures_into_a_topic" {
  command = plan

  variables {
    failures = { arn = "arn:aws:sns:ap-northeast-2:123456789012:failures", url = "x" }
  }

  expect_failures = [var.failures]
}
