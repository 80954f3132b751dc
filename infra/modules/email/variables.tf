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

variable "queues" {
  type = map(object({
    arn                 = string
    visibility_s        = number
    maximum_concurrency = number
  }))
  description = "The queues of mails."
  validation {
    condition     = alltrue([for queue in values(var.queues) : can(regex("^arn:[a-z-]+:sqs:", queue.arn))])
    error_message = "Each queue is given by its ARN."
  }
}

variable "dead_letters" {
  type = object({
    arn = string
    url = string
  })
  description = "Dead-letter queue that refused and unknown mails are sent to."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.dead_letters.arn))
    error_message = "The queue is given by its ARN and its URL."
  }
}

variable "failures_arn" {
  type        = string
  description = "Queue for events of SES that could not be counted."
}

variable "table" {
  type = object({
    name = string
    arn  = string
  })
  description = "DynamoDB table with the record of sent mails."
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table.name))
    error_message = "A table is named by 3 to 255 letters, digits, dots, hyphens and underscores."
  }
}

variable "identity_arns" {
  type        = list(string)
  description = "SES identities that mails may come from (and, in a sandbox account, go to)."
  validation {
    condition     = length(var.identity_arns) > 0
    error_message = "Without an identity no mail can be sent."
  }
}

variable "configuration_set" {
  type = object({
    name = string
    arn  = string
  })
  description = "SES's configuration set."
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.configuration_set.name))
    error_message = "A configuration set is named by 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "events_topic_arn" {
  type        = string
  description = "SNS topic that SES writes its events to."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:", var.events_topic_arn))
    error_message = "The topic is given by its ARN."
  }
}

variable "address_hash_secret_arn" {
  type        = string
  default     = null
  description = "Secret with the key of the hashes of addresses; null: a random key in each environment of the function."
}

variable "settings" {
  type = object({
    from_email       = string
    reply_to_email   = optional(string)
    bcc_email        = optional(string)
    sender_name      = optional(string)
    sender_email     = optional(string)
    sender_phone     = optional(string)
    sender_address   = optional(string)
    send_rate        = optional(string)
    idempotency_days = optional(number)
  })
  description = "The function's settings; null: its own default."
  validation {
    condition     = strcontains(var.settings.from_email, "@")
    error_message = "from_email is an address, or a name and an address in angle brackets."
  }
}
