resource "aws_iam_role" "this" {
  name                 = "${local.name}-codedeploy"
  description          = "CodeDeploy moves the functions' aliases"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CodeDeploy"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

# What the managed policy AWSCodeDeployRoleForLambda allows on everything, on this environment's functions
# and alarms alone.
resource "aws_iam_role_policy" "this" {
  name = "codedeploy"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Aliases"
          Effect   = "Allow"
          Action   = ["lambda:GetAlias", "lambda:UpdateAlias"]
          Resource = flatten([for f in values(var.functions) : [f.function_arn, "${f.function_arn}:${f.alias}"]])
        },
        {
          Sid      = "ProvisionedConcurrency"
          Effect   = "Allow"
          Action   = ["lambda:GetProvisionedConcurrencyConfig"]
          Resource = [for f in values(var.functions) : "${f.function_arn}:*"]
        },
        {
          Sid      = "Hook"
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = [var.hook.function_arn]
        },
        {
          Sid      = "Alarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:DescribeAlarms"]
          Resource = ["arn:${data.aws_partition.current.partition}:cloudwatch:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:alarm:${local.name}-*"]
        },
      ],
      var.topic_arn == null ? [] : [{
        Sid      = "Notices"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [var.topic_arn]
      }],
    )
  })
}
