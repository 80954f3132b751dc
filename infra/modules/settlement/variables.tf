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
  description = "Reserved concurrency, below the database's connections; null: none."
}

variable "vpc" {
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  description = "Where the function runs."
}

variable "database" {
  type = object({
    secret_arn           = string
    migration_secret_arn = optional(string)
    name                 = optional(string)
    ca_file              = optional(string)
    connect_timeout      = optional(string)
    lock_wait            = optional(string)
  })
  description = "The database: see modules/platform."
  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:", var.database.secret_arn))
    error_message = "The secret is given by its ARN."
  }
}

variable "reports_bucket" {
  type        = string
  description = "Bucket of the reports."
}

variable "mail_queue" {
  type = object({
    url = string
    arn = string
  })
  description = "Queue of the mails."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.mail_queue.arn))
    error_message = "The queue is given by its ARN and its URL."
  }
}

variable "queue" {
  type = object({
    url                 = string
    arn                 = string
    visibility_s        = number
    maximum_concurrency = number
  })
  description = "The function's own queue of batches."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.queue.arn))
    error_message = "The queue is given by its ARN and its URL."
  }
}

variable "failures_arn" {
  type        = string
  description = "Queue for schedules' events that failed for good."
}

variable "schedules" {
  type = object({
    group_name = string
    dlq_arn    = string
    is_enabled = bool
  })
  description = "Schedule group, queue for what could not be handed to Lambda, and whether the schedules run."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.schedules.dlq_arn))
    error_message = "The queue for what could not be delivered is given by its ARN."
  }
}

variable "settings" {
  type = object({
    batch_sellers            = optional(number)
    close_after              = optional(string)
    report_url_template      = optional(string)
    fee_rounding             = optional(string)
    vat_rounding             = optional(string)
    vat                      = optional(string)
    basis                    = optional(string)
    default_rate             = optional(string)
    shipping_rate            = optional(string)
    moment                   = optional(string)
    payout_cycle             = optional(string)
    payout_day               = optional(number)
    platform_name            = optional(string)
    platform_business_number = optional(string)
  })
  description = "The function's settings; null: its own default."
  validation {
    condition     = var.settings.payout_day == null || try(var.settings.payout_day >= 0 && var.settings.payout_day <= 366 && floor(var.settings.payout_day) == var.settings.payout_day, false)
    error_message = "payout_day is a whole number of days, 0 to 366."
  }
}
