# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/buckets test`.

variables {
  name_prefix  = "openmarket"
  environment  = "dev"
  check_prefix = "uploads/deploy-check/"
}

run "given_buckets_are_not_touched" {
  command = plan

  variables {
    uploads_bucket = "theirs"
    reports_bucket = "theirs-too"
  }

  assert {
    condition = (
      length(aws_s3_bucket.this) + length(aws_s3_bucket_public_access_block.this) + length(aws_s3_bucket_versioning.this) +
      length(aws_s3_bucket_lifecycle_configuration.uploads) + length(aws_s3_bucket_lifecycle_configuration.reports)
    ) == 0
    error_message = "Something of a given bucket is set."
  }

  assert {
    condition     = length(output.reports_owner_must_add) == 2
    error_message = "The owner is not told what to add."
  }
}

run "objects_of_prod_are_kept" {
  command = plan

  variables {
    environment   = "prod"
    force_destroy = true
  }

  expect_failures = [var.force_destroy]
}
