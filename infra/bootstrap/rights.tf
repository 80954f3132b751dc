# What a deployment may do, in parts because a policy has at most 6,144 characters. Everything is named by
# PREFIX-ENVIRONMENT-; "*" stands where AWS knows no resource to name. The roles that a deployment makes can do at
# most what boundary.tf allows, so that a deployment makes no administrator.
locals {
  role_arns = { for env in var.environments : env => "arn:aws:iam::${var.account_id}:role/${var.name_prefix}-${env}-*" }

  environment_policies = { for env in var.environments : env => merge(
    {
      state = [
        {
          Sid    = "State"
          Effect = "Allow"
          Action = [
            "s3:GetObject",
            "s3:PutObject",
          ]
          Resource = ["${aws_s3_bucket.state.arn}/${var.name_prefix}/${env}/terraform.tfstate"]
        },
        {
          Sid    = "Lock"
          Effect = "Allow"
          Action = [
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
          ]
          Resource = ["${aws_s3_bucket.state.arn}/${var.name_prefix}/${env}/terraform.tfstate.tflock"]
        },
        {
          Sid    = "StateBucket"
          Effect = "Allow"
          Action = [
            "s3:ListBucket",
          ]
          Resource  = [aws_s3_bucket.state.arn]
          Condition = { StringLike = { "s3:prefix" = ["${var.name_prefix}/${env}/*"] } }
        },
      ]
      functions = [
        {
          Sid    = "Functions"
          Effect = "Allow"
          Action = [
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:GetFunction",
            "lambda:GetFunctionConfiguration",
            "lambda:GetFunctionCodeSigningConfig",
            "lambda:GetPolicy",
            "lambda:ListVersionsByFunction",
            "lambda:PublishVersion",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
            "lambda:PutFunctionConcurrency",
            "lambda:DeleteFunctionConcurrency",
            "lambda:GetFunctionConcurrency",
            "lambda:CreateAlias",
            "lambda:UpdateAlias",
            "lambda:DeleteAlias",
            "lambda:GetAlias",
            "lambda:AddPermission",
            "lambda:RemovePermission",
            "lambda:CreateFunctionUrlConfig",
            "lambda:UpdateFunctionUrlConfig",
            "lambda:DeleteFunctionUrlConfig",
            "lambda:GetFunctionUrlConfig",
            "lambda:PutFunctionEventInvokeConfig",
            "lambda:UpdateFunctionEventInvokeConfig",
            "lambda:DeleteFunctionEventInvokeConfig",
            "lambda:GetFunctionEventInvokeConfig",
            "lambda:InvokeFunction",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:ListTags",
          ]
          Resource = ["arn:aws:lambda:${var.region}:${var.account_id}:function:${var.name_prefix}-${env}-*"]
        },
        {
          Sid    = "Mappings"
          Effect = "Allow"
          Action = [
            "lambda:CreateEventSourceMapping",
            "lambda:UpdateEventSourceMapping",
            "lambda:DeleteEventSourceMapping",
            "lambda:GetEventSourceMapping",
            "lambda:ListEventSourceMappings",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:ListTags",
          ]
          Resource = ["*"]
        },
        {
          Sid    = "Logs"
          Effect = "Allow"
          Action = [
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:PutRetentionPolicy",
            "logs:DeleteRetentionPolicy",
            "logs:AssociateKmsKey",
            "logs:DisassociateKmsKey",
            "logs:PutMetricFilter",
            "logs:DeleteMetricFilter",
            "logs:DescribeMetricFilters",
            "logs:TagResource",
            "logs:UntagResource",
            "logs:ListTagsForResource",
          ]
          Resource = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${var.name_prefix}-${env}-*"]
        },
        {
          Sid    = "LogLists"
          Effect = "Allow"
          Action = [
            "logs:DescribeLogGroups",
            "logs:PutQueryDefinition",
            "logs:DeleteQueryDefinition",
            "logs:DescribeQueryDefinitions",
          ]
          Resource = ["*"]
        },
      ]
      roles = [
        {
          Sid    = "Roles"
          Effect = "Allow"
          Action = [
            "iam:DeleteRole",
            "iam:GetRole",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
            "iam:UpdateAssumeRolePolicy",
            "iam:GetRolePolicy",
            "iam:ListRolePolicies",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:TagRole",
            "iam:UntagRole",
          ]
          Resource = [local.role_arns[env]]
        },
        {
          # Only a role that has the boundary, or gets it, is made or given rights: iam:PermissionsBoundary is a
          # condition key of each of these actions
          # (docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html).
          Sid    = "BoundedRoles"
          Effect = "Allow"
          Action = [
            "iam:CreateRole",
            "iam:PutRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:PutRolePermissionsBoundary",
          ]
          Resource  = [local.role_arns[env]]
          Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arns[env] } }
        },
        {
          Sid    = "PassRoles"
          Effect = "Allow"
          Action = [
            "iam:PassRole",
          ]
          Resource  = [local.role_arns[env]]
          Condition = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com", "scheduler.amazonaws.com", "codedeploy.amazonaws.com"] } }
        },
        {
          Sid    = "NotItself"
          Effect = "Deny"
          Action = [
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PassRole",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
          ]
          Resource = ["arn:aws:iam::${var.account_id}:role/${var.name_prefix}-${env}-deploy"]
        },
      ]
      data = [
        {
          Sid    = "Queues"
          Effect = "Allow"
          Action = [
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sqs:GetQueueAttributes",
            "sqs:SetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListQueueTags",
            "sqs:TagQueue",
            "sqs:UntagQueue",
          ]
          Resource = ["arn:aws:sqs:${var.region}:${var.account_id}:${var.name_prefix}-${env}-*"]
        },
        {
          Sid    = "Buckets"
          Effect = "Allow"
          Action = [
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:ListBucket",
            "s3:GetBucketLocation",
            "s3:GetBucketAcl",
            "s3:GetBucketCORS",
            "s3:GetBucketLogging",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketPolicy",
            "s3:GetBucketRequestPayment",
            "s3:GetBucketTagging",
            "s3:GetBucketWebsite",
            "s3:GetAccelerateConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:GetBucketVersioning",
            "s3:PutBucketVersioning",
            "s3:GetBucketNotification",
            "s3:PutBucketNotification",
            "s3:GetBucketOwnershipControls",
            "s3:PutBucketOwnershipControls",
            "s3:GetBucketPublicAccessBlock",
            "s3:PutBucketPublicAccessBlock",
            "s3:GetEncryptionConfiguration",
            "s3:PutEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:PutBucketTagging",
          ]
          Resource = ["arn:aws:s3:::${var.name_prefix}-${env}-uploads-${var.account_id}", "arn:aws:s3:::${var.name_prefix}-${env}-reports-${var.account_id}"]
        },
        {
          Sid    = "Table"
          Effect = "Allow"
          Action = [
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeTable",
            "dynamodb:UpdateTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:UpdateTimeToLive",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
          ]
          Resource = ["arn:aws:dynamodb:${var.region}:${var.account_id}:table/${var.name_prefix}-${env}-*"]
        },
        {
          Sid    = "Secrets"
          Effect = "Allow"
          Action = [
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:UpdateSecret",
            "secretsmanager:GetResourcePolicy",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
          ]
          Resource = ["arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${var.name_prefix}/${env}/*"]
        },
      ]
      mail = [
        {
          Sid    = "MailIdentities"
          Effect = "Allow"
          Action = [
            "ses:CreateEmailIdentity",
            "ses:DeleteEmailIdentity",
            "ses:GetEmailIdentity",
            "ses:PutEmailIdentityConfigurationSetAttributes",
            "ses:PutEmailIdentityDkimSigningAttributes",
            "ses:PutEmailIdentityMailFromAttributes",
            "ses:TagResource",
            "ses:UntagResource",
            "ses:ListTagsForResource",
          ]
          Resource = ["arn:aws:ses:${var.region}:${var.account_id}:identity/*"]
        },
        {
          Sid    = "MailSets"
          Effect = "Allow"
          Action = [
            "ses:CreateConfigurationSet",
            "ses:DeleteConfigurationSet",
            "ses:GetConfigurationSet",
            "ses:PutConfigurationSetDeliveryOptions",
            "ses:PutConfigurationSetReputationOptions",
            "ses:PutConfigurationSetSendingOptions",
            "ses:PutConfigurationSetSuppressionOptions",
            "ses:CreateConfigurationSetEventDestination",
            "ses:UpdateConfigurationSetEventDestination",
            "ses:DeleteConfigurationSetEventDestination",
            "ses:GetConfigurationSetEventDestinations",
            "ses:TagResource",
            "ses:UntagResource",
            "ses:ListTagsForResource",
          ]
          Resource = ["arn:aws:ses:${var.region}:${var.account_id}:configuration-set/${var.name_prefix}-${env}"]
        },
        {
          Sid    = "Topics"
          Effect = "Allow"
          Action = [
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:GetTopicAttributes",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:Unsubscribe",
            "sns:GetSubscriptionAttributes",
            "sns:SetSubscriptionAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:TagResource",
            "sns:UntagResource",
          ]
          Resource = ["arn:aws:sns:${var.region}:${var.account_id}:${var.name_prefix}-${env}-*"]
        },
      ]
      events = [
        {
          Sid    = "Rules"
          Effect = "Allow"
          Action = [
            "events:PutRule",
            "events:DeleteRule",
            "events:DescribeRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:ListTargetsByRule",
            "events:ListTagsForResource",
            "events:TagResource",
            "events:UntagResource",
          ]
          Resource = ["arn:aws:events:${var.region}:${var.account_id}:rule/${var.name_prefix}-${env}-*"]
        },
        {
          Sid    = "Schedules"
          Effect = "Allow"
          Action = [
            "scheduler:CreateSchedule",
            "scheduler:UpdateSchedule",
            "scheduler:DeleteSchedule",
            "scheduler:GetSchedule",
          ]
          Resource = ["arn:aws:scheduler:${var.region}:${var.account_id}:schedule/${var.name_prefix}-${env}/*"]
        },
        {
          Sid    = "ScheduleGroups"
          Effect = "Allow"
          Action = [
            "scheduler:CreateScheduleGroup",
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
            "scheduler:TagResource",
            "scheduler:UntagResource",
          ]
          Resource = ["arn:aws:scheduler:${var.region}:${var.account_id}:schedule-group/${var.name_prefix}-${env}"]
        },
        {
          Sid    = "Alarms"
          Effect = "Allow"
          Action = [
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:PutCompositeAlarm",
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
          ]
          Resource = ["arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${var.name_prefix}-${env}-*"]
        },
        {
          Sid    = "Dashboards"
          Effect = "Allow"
          Action = [
            "cloudwatch:PutDashboard",
            "cloudwatch:GetDashboard",
            "cloudwatch:DeleteDashboards",
          ]
          Resource = ["arn:aws:cloudwatch::${var.account_id}:dashboard/${var.name_prefix}-${env}*"]
        },
        {
          Sid    = "Deployments"
          Effect = "Allow"
          Action = [
            "codedeploy:CreateApplication",
            "codedeploy:DeleteApplication",
            "codedeploy:GetApplication",
            "codedeploy:UpdateApplication",
            "codedeploy:CreateDeploymentGroup",
            "codedeploy:UpdateDeploymentGroup",
            "codedeploy:DeleteDeploymentGroup",
            "codedeploy:GetDeploymentGroup",
            "codedeploy:CreateDeployment",
            "codedeploy:GetDeployment",
            "codedeploy:StopDeployment",
            "codedeploy:RegisterApplicationRevision",
            "codedeploy:GetApplicationRevision",
            "codedeploy:GetDeploymentConfig",
            "codedeploy:CreateDeploymentConfig",
            "codedeploy:DeleteDeploymentConfig",
            "codedeploy:ListTagsForResource",
            "codedeploy:TagResource",
            "codedeploy:UntagResource",
          ]
          Resource = ["arn:aws:codedeploy:${var.region}:${var.account_id}:application:${var.name_prefix}-${env}*", "arn:aws:codedeploy:${var.region}:${var.account_id}:deploymentgroup:${var.name_prefix}-${env}*", "arn:aws:codedeploy:${var.region}:${var.account_id}:deploymentconfig:*"]
        },
      ]
    },
    length(var.hosted_zone_ids) == 0 ? {} : {
      dns = [
        {
          Sid    = "Records"
          Effect = "Allow"
          Action = [
            "route53:ChangeResourceRecordSets",
            "route53:ListResourceRecordSets",
            "route53:GetHostedZone",
          ]
          Resource = [for zone in var.hosted_zone_ids : "arn:aws:route53:::hostedzone/${zone}"]
        },
        {
          Sid    = "RecordChanges"
          Effect = "Allow"
          Action = [
            "route53:GetChange",
          ]
          Resource = ["arn:aws:route53:::change/*"]
        },
      ]
    },
    !var.makes_networks ? {} : {
      network = [
        {
          Sid    = "NetworkReads"
          Effect = "Allow"
          Action = [
            "ec2:DescribeSubnets",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeVpcs",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribePrefixLists",
            "ec2:DescribeManagedPrefixLists",
            "ec2:DescribeNatGateways",
            "ec2:DescribeAddresses",
            "ec2:DescribeAddressesAttribute",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeTags",
            "ec2:DescribeAvailabilityZones",
          ]
          Resource = ["*"]
        },
        {
          Sid    = "NetworkMakes"
          Effect = "Allow"
          Action = [
            "ec2:CreateSubnet",
            "ec2:DeleteSubnet",
            "ec2:ModifySubnetAttribute",
            "ec2:CreateRouteTable",
            "ec2:DeleteRouteTable",
            "ec2:AssociateRouteTable",
            "ec2:DisassociateRouteTable",
            "ec2:CreateRoute",
            "ec2:DeleteRoute",
            "ec2:ReplaceRoute",
            "ec2:CreateSecurityGroup",
            "ec2:DeleteSecurityGroup",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:CreateVpcEndpoint",
            "ec2:ModifyVpcEndpoint",
            "ec2:DeleteVpcEndpoints",
            "ec2:CreateNatGateway",
            "ec2:DeleteNatGateway",
            "ec2:AllocateAddress",
            "ec2:ReleaseAddress",
            "ec2:DisassociateAddress",
            "ec2:CreateTags",
            "ec2:DeleteTags",
          ]
          Resource = ["arn:aws:ec2:${var.region}:${var.account_id}:*/*"]
        },
      ]
    },
  ) }

  # PREFIX of each: ENVIRONMENT-deploy-PART.
  policies = merge([for env, parts in local.environment_policies : {
    for part, statements in parts : "${env}-deploy-${part}" => statements
  }]...)
  attachments = merge([for env, parts in local.environment_policies : {
    for part in keys(parts) : "${env}-deploy-${part}" => env
  }]...)
}
