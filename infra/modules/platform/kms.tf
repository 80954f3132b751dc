# What the policy of a given key needs beside its owner's own statements. The functions' roles have the
# rest in their own policies.
locals {
  kms_services = {
    "s3.amazonaws.com"        = "dead letters and events"
    "sns.amazonaws.com"       = "the topics"
    "ses.amazonaws.com"       = "events of mails"
    "events.amazonaws.com"    = "dead letters of the uploads' rule"
    "scheduler.amazonaws.com" = "the schedules' inputs"
  }

  kms_key_owner_must_add = var.kms_key_arn == null ? [] : concat(
    [for service, purpose in local.kms_services : jsonencode({
      Sid       = "Use${title(split(".", service)[0])}"
      Effect    = "Allow"
      Principal = { Service = service }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    })],
    [jsonencode({
      Sid       = "UseLogs"
      Effect    = "Allow"
      Principal = { Service = "logs.${data.aws_region.current.region}.amazonaws.com" }
      Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/${local.name}-*" } }
    })],
  )
}
