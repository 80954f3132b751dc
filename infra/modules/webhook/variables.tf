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

variable "name" {
  type        = string
  default     = "webhook-handler"
  description = "Name of the function; the twin is another deployment of the same program."
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
  default     = null
  description = "Where the function runs; null, for the twin: outside of any VPC."
}

variable "store" {
  type = object({
    secret_arn             = string
    migration_secret_arn   = optional(string)
    name                   = optional(string)
    ca_file                = optional(string)
    connect_timeout        = optional(string)
    lock_wait              = optional(string)
    mail_queue_url         = string
    mail_queue_arn         = string
    unsubscribe_secret_arn = optional(string)
    inbox_days             = optional(number)
    outbox_days            = optional(number)
  })
  default     = null
  description = "The database, the mails' queue and what is stored; null makes the function the twin, which has none."
  validation {
    condition     = (var.store == null) == (var.confirmed_url != null)
    error_message = "A function either has a store, or is the twin and has the URL that confirmed payments are posted to."
  }
}

variable "webhook_secret_arn" {
  type        = string
  description = "Secret with the secrets of webhooks, as JSON {\"platform\":[],\"standard\":[],\"toss\":[],\"tossTokens\":[],\"internal\":[]}."
}

variable "toss" {
  type = object({
    secret_arn = string
    api_url    = optional(string)
  })
  default     = null
  description = "The key that Toss is asked with; null: Toss is not asked from here."
  validation {
    condition     = var.toss == null || can(regex("^arn:[a-z-]+:secretsmanager:", var.toss.secret_arn))
    error_message = "The secret is given by its ARN."
  }
}

variable "confirm_queue" {
  type = object({
    url = string
    arn = string
  })
  default     = null
  description = "Queue that hints of Toss are handed to the twin by; null: they are confirmed here."
  validation {
    condition     = var.confirm_queue == null || can(regex("^arn:[a-z-]+:sqs:", var.confirm_queue.arn))
    error_message = "The queue is given by its ARN and its URL."
  }
  validation {
    condition     = var.confirm_queue == null || var.toss == null
    error_message = "Toss is asked from here or by the twin, not by both."
  }
}

variable "confirmed_url" {
  type        = string
  default     = null
  description = "Of the twin: where confirmed payments are posted to."
  validation {
    condition     = var.confirmed_url == null || can(regex("^https://.*/webhooks/toss-confirmed$", var.confirmed_url))
    error_message = "The URL is https and ends with /webhooks/toss-confirmed."
  }
}

variable "mapping" {
  type = object({
    queue_arn           = string
    visibility_s        = number
    maximum_concurrency = number
  })
  default     = null
  description = "Of the twin: the queue of hints."
  validation {
    condition     = (var.mapping != null) == (var.confirmed_url != null)
    error_message = "The twin, and it alone, receives the queue of hints."
  }
}

variable "reports_bucket" {
  type        = string
  default     = null
  description = "Bucket of the reconciliations' reports; null: none are written."
}

variable "failures_arn" {
  type        = string
  description = "Queue for schedules' events that failed for good."
}

variable "schedules" {
  type = object({
    group_name = string
    dlq_arn    = string
    sweeps     = bool
    reconciles = bool
  })
  description = "Schedule group, queue for what could not be handed to Lambda, and which of the two schedules this function has."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.schedules.dlq_arn))
    error_message = "The queue for what could not be delivered is given by its ARN."
  }
  validation {
    condition     = !var.schedules.reconciles || var.toss != null
    error_message = "Payments are compared with Toss only where Toss is asked: set toss as well."
  }
}
