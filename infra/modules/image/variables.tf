variable "common" {
  type = object({
    name_prefix              = string
    environment              = string
    architecture             = string
    zips_dir                 = string
    log_retention_days       = number
    log_level                = string
    metrics_namespace        = string
    tracing                  = bool
    kms_key_arn              = string
    permissions_boundary_arn = string
    given_kms_key_arns       = list(string)
    tags                     = map(string)
  })
  description = "What all functions have in common; see the variables of modules/platform and modules/function."
}

variable "memory_mb" {
  type        = number
  description = "Memory in MB."
}

variable "timeout_s" {
  type        = number
  description = "Time limit of an invocation in seconds."
}

variable "reserved_concurrency" {
  type        = number
  default     = null
  description = "Reserved concurrency; null: none."
}

variable "bucket" {
  type = object({
    name      = string
    is_ours   = bool
    versioned = bool
  })
  description = "The bucket of the photographs. is_ours: its notification is set here."
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket.name))
    error_message = "This is no name of a bucket."
  }
}

variable "trigger" {
  type        = string
  description = "notification or eventbridge."
  validation {
    condition     = contains(["notification", "eventbridge"], var.trigger)
    error_message = "The trigger is notification or eventbridge."
  }
}

variable "settings" {
  type = object({
    sizes             = optional(string)
    quality           = optional(number)
    preset            = optional(string)
    formats           = optional(string)
    source_prefix     = string
    output_folder     = string
    cache_control     = optional(string)
    max_source_mb     = optional(number)
    max_pixels        = optional(number)
    picture_memory_mb = optional(number)
    cmyk_profile      = optional(string)
    jpeg_decoder      = optional(string)
  })
  description = "The function's settings; null: its own default."
  validation {
    condition     = endswith(var.settings.source_prefix, "/")
    error_message = "The prefix of the sources ends with a slash."
  }
  validation {
    condition     = contains(["own", "libjpeg"], coalesce(var.settings.jpeg_decoder, "own"))
    error_message = "The decoder of JPEGs is own or libjpeg."
  }
}

variable "failures" {
  type = object({
    arn = string
    url = string
  })
  description = "Queue for the events that failed for good, also those that EventBridge could not deliver."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.failures.arn))
    error_message = "The queue is given by its ARN and its URL."
  }
}

variable "backfill" {
  type        = bool
  default     = true
  description = "Whether a role for S3 Batch Operations is made."
}
