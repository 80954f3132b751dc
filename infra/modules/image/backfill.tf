# The role of a job of S3 Batch Operations: it reads its manifest from, and writes its report to, the
# folder backfill/ of the bucket, which is outside of the sources' prefix.
locals {
  backfill_name = "${var.common.name_prefix}-${var.common.environment}-image-backfill"
}

resource "aws_iam_role" "backfill" {
  count = var.backfill ? 1 : 0

  name                 = local.backfill_name
  description          = "S3 Batch Operations that invoke the image function"
  permissions_boundary = var.common.permissions_boundary_arn
  tags                 = var.common.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "batchoperations.s3.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "backfill" {
  count = var.backfill ? 1 : 0

  name = "backfill"
  role = aws_iam_role.backfill[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "InvokeFunction"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [module.function.alias_arn]
      },
      {
        Sid      = "ReadManifest"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = ["${local.bucket_arn}/backfill/*"]
      },
      {
        Sid      = "WriteReport"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = ["${local.bucket_arn}/backfill/*"]
      },
    ]
  })
}
