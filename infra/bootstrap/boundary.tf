# What the roles of an environment may do at most, whatever their own policies allow: those of the functions, of the
# schedules, of CodeDeploy and of S3 Batch Operations. The deploy roles make and change only roles that have it
# (docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html, "Delegating responsibility to others using
# permissions boundaries"), and may not change it. `make infra-check` compares it with the roles of the plans.
locals {
  boundary_arns = { for env in var.environments : env => "arn:aws:iam::${var.account_id}:policy/${var.name_prefix}-${env}-boundary" }
  given         = { for env in var.environments : env => try(var.given[env], { buckets = [], secret_arns = [], kms_key_arns = [] }) }

  boundaries = { for env in var.environments : env => concat(
    [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${var.name_prefix}-${env}-*"]
      },
      {
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = ["*"]
      },
      {
        Sid    = "NetworkInterfaces"
        Effect = "Allow"
        Action = [
          "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
          "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = ["*"]
      },
      {
        Sid    = "Queues"
        Effect = "Allow"
        Action = [
          "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
          "sqs:ChangeMessageVisibility",
        ]
        Resource = ["arn:aws:sqs:${var.region}:${var.account_id}:${var.name_prefix}-${env}-*"]
      },
      {
        Sid    = "Objects"
        Effect = "Allow"
        Action = [
          "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging",
          "s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:AbortMultipartUpload",
        ]
        Resource = concat(
          [for kind in ["uploads", "reports"] : "arn:aws:s3:::${var.name_prefix}-${env}-${kind}-${var.account_id}/*"],
          [for bucket in local.given[env].buckets : "arn:aws:s3:::${bucket}/*"],
        )
      },
      {
        Sid    = "Lists"
        Effect = "Allow"
        Action = ["s3:ListBucket"]
        Resource = concat(
          [for kind in ["uploads", "reports"] : "arn:aws:s3:::${var.name_prefix}-${env}-${kind}-${var.account_id}"],
          [for bucket in local.given[env].buckets : "arn:aws:s3:::${bucket}"],
        )
      },
      {
        Sid      = "Records"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        Resource = ["arn:aws:dynamodb:${var.region}:${var.account_id}:table/${var.name_prefix}-${env}-*"]
      },
      {
        Sid    = "Secrets"
        Effect = "Allow"
        Action = ["secretsmanager:GetSecretValue"]
        Resource = concat(
          ["arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${var.name_prefix}/${env}/*"],
          local.given[env].secret_arns,
        )
      },
      {
        Sid    = "Mails"
        Effect = "Allow"
        Action = ["ses:SendEmail"]
        Resource = [
          "arn:aws:ses:${var.region}:${var.account_id}:identity/*",
          "arn:aws:ses:${var.region}:${var.account_id}:configuration-set/${var.name_prefix}-${env}",
        ]
      },
      {
        Sid    = "Functions"
        Effect = "Allow"
        Action = [
          "lambda:InvokeFunction", "lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig",
        ]
        Resource = ["arn:aws:lambda:${var.region}:${var.account_id}:function:${var.name_prefix}-${env}-*"]
      },
      {
        Sid      = "Deployments"
        Effect   = "Allow"
        Action   = ["codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"]
        Resource = ["arn:aws:codedeploy:${var.region}:${var.account_id}:deploymentgroup:${var.name_prefix}-${env}/*"]
      },
      {
        Sid      = "Alarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms"]
        Resource = ["arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${var.name_prefix}-${env}-*"]
      },
      {
        Sid      = "Notices"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = ["arn:aws:sns:${var.region}:${var.account_id}:${var.name_prefix}-${env}-*"]
      },
    ],
    length(local.given[env].kms_key_arns) == 0 ? [] : [{
      Sid      = "Keys"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = local.given[env].kms_key_arns
    }],
  ) }
}

resource "aws_iam_policy" "boundary" {
  for_each = local.boundaries

  name        = "${var.name_prefix}-${each.key}-boundary"
  description = "What the roles of ${each.key} may do at most"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
