locals {
  name       = "image-processor"
  bucket_arn = "arn:aws:s3:::${var.bucket.name}"
  sources    = "${local.bucket_arn}/${var.settings.source_prefix}*"

  tagging = concat(
    ["s3:GetObjectTagging", "s3:PutObjectTagging"],
    var.bucket.versioned ? ["s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging"] : [],
  )
}

module "function" {
  source = "../function"

  name                     = local.name
  name_prefix              = var.common.name_prefix
  environment              = var.common.environment
  description              = "Makes the sizes of a photograph"
  zip                      = "${var.common.zips_dir}/${var.common.architecture}/${local.name}.zip"
  architecture             = var.common.architecture
  memory_mb                = var.memory_mb
  timeout_s                = var.timeout_s
  reserved_concurrency     = var.reserved_concurrency
  log_retention_days       = var.common.log_retention_days
  log_level                = var.common.log_level
  on_failure_arn           = var.failures.arn
  tracing                  = var.common.tracing
  kms_key_arn              = var.common.kms_key_arn
  permissions_boundary_arn = var.common.permissions_boundary_arn
  tags                     = var.common.tags

  variables = {
    IMAGE_SIZES         = var.settings.sizes
    IMAGE_QUALITY       = var.settings.quality
    IMAGE_PRESET        = var.settings.preset
    IMAGE_FORMATS       = var.settings.formats
    IMAGE_SOURCE_PREFIX = var.settings.source_prefix
    IMAGE_OUTPUT_FOLDER = var.settings.output_folder
    IMAGE_CACHE_CONTROL = var.settings.cache_control
    IMAGE_MAX_SOURCE_MB = var.settings.max_source_mb
    IMAGE_MAX_PIXELS    = var.settings.max_pixels
    IMAGE_MEMORY_MB     = var.settings.picture_memory_mb
    IMAGE_CMYK_PROFILE  = var.settings.cmyk_profile
    IMGCORE_JPEG        = var.settings.jpeg_decoder
    METRICS_NAMESPACE   = var.common.metrics_namespace
  }

  policy_statements = concat(
    [
      {
        sid       = "Sources"
        actions   = concat(["s3:GetObject"], local.tagging)
        resources = [local.sources]
      },
      {
        sid     = "Outputs"
        actions = ["s3:PutObject"]
        resources = [
          "${local.bucket_arn}/${var.settings.source_prefix}${var.settings.output_folder}/*",
          "${local.bucket_arn}/${var.settings.source_prefix}*/${var.settings.output_folder}/*",
        ]
      },
      {
        # Not called: without it S3 replies 403 and not 404 for an output that does not exist yet. No
        # condition on s3:prefix: AWS documents that key for requests that list, and a GET has no prefix.
        sid       = "MissingObjects"
        actions   = ["s3:ListBucket"]
        resources = [local.bucket_arn]
      },
    ],
    length(var.common.given_kms_key_arns) == 0 ? [] : [{
      sid       = "GivenKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.common.given_kms_key_arns
    }],
  )
}
