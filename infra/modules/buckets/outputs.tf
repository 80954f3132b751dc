output "uploads" {
  description = "The bucket of the photographs: its name, whether it is ours, whether it has versions."
  value = {
    name      = try(aws_s3_bucket.this["uploads"].id, var.uploads_bucket)
    is_ours   = var.uploads_bucket == null
    versioned = var.uploads_bucket == null || var.uploads_bucket_versioned
  }
}

output "uploads_bucket" {
  description = "Name of the bucket of the photographs."
  value       = try(aws_s3_bucket.this["uploads"].id, var.uploads_bucket)
}

output "reports_bucket" {
  description = "Name of the bucket of the reports."
  value       = try(aws_s3_bucket.this["reports"].id, var.reports_bucket)
}

output "reports_owner_must_add" {
  description = "What the owner of a given reports bucket adds to its configuration; empty for a bucket of ours."
  value = var.reports_bucket == null ? {} : {
    "Lifecycle rules" = jsonencode([
      {
        ID                             = "abort-unfinished-uploads"
        Status                         = "Enabled"
        Filter                         = { Prefix = "" }
        AbortIncompleteMultipartUpload = { DaysAfterInitiation = 7 }
      },
      {
        ID     = "keep-settlements-five-years"
        Status = "Enabled"
        Filter = { Prefix = "settlements/" }
        Transitions = [
          { Days = 90, StorageClass = "STANDARD_IA" },
          { Days = 365, StorageClass = "GLACIER_IR" },
        ]
        Expiration                  = { Days = var.reports_retention_days }
        NoncurrentVersionExpiration = { NoncurrentDays = var.reports_retention_days }
      },
    ])
    "Versioning" = jsonencode({ Status = "Enabled" })
  }
}
