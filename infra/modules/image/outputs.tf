output "function" {
  description = "The outputs of modules/function."
  value       = module.function
}

output "backfill_role_arn" {
  description = "Role for jobs of S3 Batch Operations; null without one."
  value       = one(aws_iam_role.backfill[*].arn)
}

output "owner_must_add" {
  description = "What the owner of a given bucket adds to its configuration, by the name of the setting; empty for a bucket of ours."
  value = var.bucket.is_ours ? {} : merge(
    local.is_notification ? {
      "Lambda notification" = jsonencode({
        Id                = local.rule_name
        LambdaFunctionArn = module.function.alias_arn
        Events            = ["s3:ObjectCreated:*"]
        Filter            = { Key = { FilterRules = [{ Name = "prefix", Value = var.settings.source_prefix }] } }
      })
    } : { "EventBridge notification" = jsonencode({ EventBridgeConfiguration = {} }) },
    {
      "Lifecycle rule" = jsonencode({
        ID                             = "abort-unfinished-uploads"
        Status                         = "Enabled"
        Filter                         = { Prefix = "" }
        AbortIncompleteMultipartUpload = { DaysAfterInitiation = 7 }
      })
      "Lifecycle rule of deploy-check" = jsonencode({
        ID         = "expire-deploy-check"
        Status     = "Enabled"
        Filter     = { Prefix = "${var.settings.source_prefix}deploy-check/" }
        Expiration = { Days = 1 }
      })
    },
  )
}
