# Buckets that are made here. A given one is a name and nothing else: whatever it has of notifications,
# lifecycle rules and access settings belongs to its owner, and S3 keeps one configuration of each kind
# a bucket, which a second owner would replace.
data "aws_caller_identity" "current" {}

locals {
  names = {
    uploads = "${var.name_prefix}-${var.environment}-uploads-${data.aws_caller_identity.current.account_id}"
    reports = "${var.name_prefix}-${var.environment}-reports-${data.aws_caller_identity.current.account_id}"
  }
  given = {
    uploads = var.uploads_bucket
    reports = var.reports_bucket
  }
  ours = { for key, name in local.names : key => name if local.given[key] == null }
}

resource "aws_s3_bucket" "this" {
  for_each = local.ours

  bucket        = each.value
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.ours

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.ours

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.ours

  bucket = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.ours

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    bucket_key_enabled = var.kms_key_arn != null
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  for_each = { for key, name in local.ours : key => name if key == "uploads" }

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.old_versions_days
    }
    expiration {
      expired_object_delete_marker = true
    }
  }

  # Pictures that deployments are checked with (modules/platform/deploy.tf).
  rule {
    id     = "deployment-checks"
    status = "Enabled"
    filter {
      prefix = var.check_prefix
    }
    expiration {
      days = 1
    }
    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "reports" {
  for_each = { for key, name in local.ours : key => name if key == "reports" }

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # Every version is kept as long as the first. Objects below 128 KB stay where they are: S3 moves none of
  # them by default, since the move costs more than it saves.
  rule {
    id     = "keep-five-years"
    status = "Enabled"
    filter {}
    transition {
      days          = 90
      storage_class = "STANDARD_IA"
    }
    transition {
      days          = 365
      storage_class = "GLACIER_IR"
    }
    expiration {
      days = var.reports_retention_days
    }
    noncurrent_version_transition {
      noncurrent_days = 90
      storage_class   = "GLACIER_IR"
    }
    noncurrent_version_expiration {
      noncurrent_days = var.reports_retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
