locals {
  code_statements = [for s in var.policy_statements : merge(
    {
      Sid      = s.sid
      Effect   = "Allow"
      Action   = s.actions
      Resource = s.resources
    },
    length(s.conditions) == 0 ? {} : {
      Condition = { for test in distinct(s.conditions[*].test) : test => {
        for c in s.conditions : c.variable => c.values if c.test == test
      } }
    },
  )]

  log_statements = [{
    Sid      = "LambdaLogs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }]

  # X-Ray and most of EC2's actions on network interfaces know no resource to name.
  trace_statements = var.tracing ? [{
    Sid      = "LambdaTraces"
    Effect   = "Allow"
    Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    Resource = ["*"]
  }] : []

  network_actions = [
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
  ]

  # Lambda makes the interfaces with the function's role; the second statement keeps the function's own
  # code from doing so: only requests of the code carry lambda:SourceFunctionArn.
  network_statements = [for statement in [
    {
      Sid      = "LambdaNetwork"
      Effect   = "Allow"
      Action   = local.network_actions
      Resource = ["*"]
    },
    {
      Sid       = "LambdaNetworkNotByCode"
      Effect    = "Deny"
      Action    = local.network_actions
      Resource  = ["*"]
      Condition = { ArnEquals = { "lambda:SourceFunctionArn" = [local.function_arn] } }
    },
  ] : statement if var.vpc != null]

  queue_statements = length(var.mappings) == 0 ? [] : [{
    Sid      = "LambdaQueues"
    Effect   = "Allow"
    Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    Resource = sort(values(var.mappings)[*].queue_arn)
  }]

  failure_statements = var.on_failure_arn == null ? [] : [{
    Sid      = "LambdaOnFailure"
    Effect   = "Allow"
    Action   = ["sqs:SendMessage"]
    Resource = [var.on_failure_arn]
  }]

  # Lambda decrypts the environment variables, and messages of mapped queues, with this role.
  key_statements = var.kms_key_arn == null ? [] : [{
    Sid      = "LambdaKey"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = [var.kms_key_arn]
  }]

  # The function's ARN cannot be taken from the function, which needs the role first.
  function_arn = "arn:aws:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:${local.full_name}"
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

resource "aws_iam_role" "this" {
  name                 = local.full_name
  description          = "Execution role of ${local.full_name}"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "function"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.code_statements, local.log_statements, local.trace_statements, local.network_statements,
      local.queue_statements, local.failure_statements, local.key_statements,
    )
  })
}
