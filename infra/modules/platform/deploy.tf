# The pre-traffic hook of CodeDeploy. Its picture has a key of its own below the sources' prefix.
locals {
  check_name    = "deploy-check"
  check_prefix  = "${var.image.source_prefix}deploy-check/"
  uploads_arn   = "arn:aws:s3:::${module.buckets.uploads_bucket}"
  function_arns = "arn:aws:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function"
  groups_arn    = "arn:aws:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup"

  # The functions that it checks; their names, since their versions are not known before a deployment.
  checked = {
    IMAGE_FUNCTION      = module.image.function.function_name
    EMAIL_FUNCTION      = module.email.function.function_name
    SETTLEMENT_FUNCTION = module.settlement.function.function_name
    WEBHOOK_FUNCTION    = module.webhook.function.function_name
  }
  # Their deployment groups, as module deploy names them.
  checked_groups = ["image", "email", "settlement", "webhook"]
}

module "deploy_check" {
  source = "../function"

  name                     = local.check_name
  name_prefix              = var.name_prefix
  environment              = var.env
  description              = "Checks a new version before it gets traffic"
  zip                      = "${var.zips_dir}/${var.architecture}/${local.check_name}.zip"
  architecture             = var.architecture
  memory_mb                = 128
  timeout_s                = max(var.image.timeout_s, var.email.timeout_s, var.settlement.timeout_s, var.webhook.timeout_s) + 60
  log_retention_days       = local.common.log_retention_days
  log_level                = var.log_level
  tracing                  = var.tracing
  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.tags

  variables = merge(local.checked, {
    UPLOADS_BUCKET      = module.buckets.uploads_bucket
    CHECK_PREFIX        = local.check_prefix
    IMAGE_OUTPUT_FOLDER = var.image.output_folder
    IMAGE_SIZES         = var.image.sizes
    METRICS_NAMESPACE   = var.metrics_namespace
  })

  policy_statements = concat(
    [
      {
        # A version's number is not known before the deployment.
        sid       = "InvokeVersions"
        actions   = ["lambda:InvokeFunction"]
        resources = [for name in values(local.checked) : "${local.function_arns}:${name}:*"]
      },
      {
        sid       = "ReportStatus"
        actions   = ["codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"]
        resources = [for key in local.checked_groups : "${local.groups_arn}:${local.name}/${key}"]
      },
      {
        sid       = "PutPicture"
        actions   = ["s3:PutObject"]
        resources = ["${local.uploads_arn}/${local.check_prefix}*"]
      },
      {
        # Below a deployment's own folder. Without s3:ListBucket an output that is not there yet is a 403, which the
        # function takes for that.
        sid       = "ReadOutputs"
        actions   = ["s3:GetObject"]
        resources = ["${local.uploads_arn}/${local.check_prefix}*/${var.image.output_folder}/*"]
      },
    ],
    length(var.given_kms_key_arns) == 0 ? [] : [{
      sid       = "GivenKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.given_kms_key_arns
    }],
  )
}

module "observability" {
  source = "../observability"

  env                   = var.env
  name_prefix           = var.name_prefix
  namespace             = var.metrics_namespace
  alarm_email           = var.alarm_email
  kms_key_arn           = var.kms_key_arn
  guides_url            = var.guides_url
  is_settlement_watched = var.settlement.is_scheduled
  dead_letter_queues    = { for key, queue in aws_sqs_queue.failures : key => queue.name }
  tags                  = local.tags

  functions = { for key, function in local.functions : key => {
    function_name  = function.function_name
    alias          = function.alias_name
    log_group_name = function.log_group_name
    timeout_s      = function.timeout_s
    memory_mb      = function.memory_mb
    # format: known not to be null before the version is known.
    published_version = format("%s", function.version)
  } }

  queues = { for key, queue in local.queues : key => {
    name             = queue.name
    dead_letter_name = queue.dead_letter_name
    visibility_s     = queue.visibility_s
  } }
}

# The functions that people wait for get a new version by a canary; the settlement's is checked by a dry
# run and moved at once, because two versions in one run would settle by two sets of rules.
module "deploy" {
  source = "../deploy"

  env                      = var.env
  name_prefix              = var.name_prefix
  topic_arn                = module.observability.topic_arn
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.tags

  hook = {
    function_name = module.deploy_check.function_name
    function_arn  = module.deploy_check.function_arn
  }

  functions = { for key, function in local.functions : key => {
    function_name     = function.function_name
    function_arn      = function.function_arn
    alias             = function.alias_name
    published_version = function.version
    strategy          = contains(["settlement", "deploy"], key) ? "all_at_once" : "canary"
    alarms            = lookup(module.observability.canary_alarms, key, [])
    # The twin is the webhook function's program, which is checked there.
    is_checked = !contains(["deploy", "toss"], key)
    migrates   = contains(["settlement", "webhook"], key) && var.database.has_migrations
  } }
}
