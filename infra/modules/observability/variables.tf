variable "env" {
  type        = string
  description = "The environment: dev or prod."
  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "The environment is dev or prod."
  }
}

variable "name_prefix" {
  type        = string
  default     = "openmarket"
  description = "First part of the names in AWS, which are PREFIX-ENVIRONMENT-NAME."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name_prefix))
    error_message = "The prefix is 2 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "functions" {
  type = map(object({
    function_name     = string
    alias             = string
    log_group_name    = string
    timeout_s         = number
    memory_mb         = number
    published_version = optional(string)
  }))
  description = "The functions, by key: image, email, settlement and webhook; also deploy (the hook of a deployment) and toss (the twin outside of the VPC) where they exist. published_version: the version that the last apply published, which the alarms of a canary watch; without it the function has none."
  validation {
    condition     = length(setsubtract(["image", "email", "settlement", "webhook"], keys(var.functions))) == 0
    error_message = "The functions image, email, settlement and webhook are needed: alarms and dashboard name them."
  }
  validation {
    condition     = length(setsubtract(keys(var.functions), ["image", "email", "settlement", "webhook", "deploy", "toss"])) == 0
    error_message = "A function's key is image, email, settlement, webhook, deploy or toss."
  }
}

variable "queues" {
  type = map(object({
    name             = string
    dead_letter_name = string
    visibility_s     = number
  }))
  description = "The queues that functions read, by key: email and promotional; also settlement and toss where they exist. Each has a dead-letter queue."
  validation {
    condition     = length(setsubtract(["email", "promotional"], keys(var.queues))) == 0
    error_message = "The queues email and promotional are needed."
  }
  validation {
    condition     = length(setsubtract(keys(var.queues), ["email", "promotional", "settlement", "toss"])) == 0
    error_message = "A queue's key is email, promotional, settlement or toss."
  }
}

variable "dead_letter_queues" {
  type        = map(string)
  default     = {}
  description = "Names of further queues in which no message may stay, by a key of each: events that a function failed on, schedules that could not be delivered."
  validation {
    condition     = alltrue([for key, name in var.dead_letter_queues : !contains(["email", "promotional", "settlement", "toss"], key)])
    error_message = "The dead-letter queues of email, promotional, settlement and toss are given by the variable queues."
  }
}

variable "namespace" {
  type        = string
  default     = "OpenMarket"
  description = "Namespace of the functions' own metrics: their setting METRICS_NAMESPACE."
  validation {
    condition     = can(regex("^[A-Za-z0-9._/#:-]{1,255}$", var.namespace)) && !startswith(var.namespace, "AWS/") && var.namespace != "none"
    error_message = "A namespace is 1 to 255 of A-Z a-z 0-9 . _ / # : - and does not begin with AWS/; without metrics (none) there is nothing to watch."
  }
}

variable "alarm_email" {
  type        = string
  default     = null
  description = "Address that alarms are sent to, which has to confirm a mail of SNS first; null: none, subscribe to the topic yourself."
  validation {
    condition     = var.alarm_email == null || can(regex("^[^@ ]+@[^@ ]+$", var.alarm_email))
    error_message = "This is no address."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of the topic; its policy must let cloudwatch.amazonaws.com use it. null: not encrypted, since the key alias/aws/sns cannot be used by CloudWatch."
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by the ARN of a key, not of an alias."
  }
}

variable "guides_url" {
  type        = string
  default     = "infra/guides/on_call.md"
  description = "Where infra/guides/on_call.md can be read: alarms and the dashboard link to its sections."
  validation {
    condition     = endswith(var.guides_url, "on_call.md") && length(var.guides_url) <= 500
    error_message = "The address ends with on_call.md and has at most 500 characters."
  }
}

variable "is_settlement_watched" {
  type        = bool
  default     = true
  description = "Whether the settlement's schedules run: a watchdog that is silent is an alarm. false while the Node functions still settle."
}

variable "thresholds" {
  type = object({
    error_percent               = optional(number, 5)
    duration_percent_of_timeout = optional(number, 80)
    throttles                   = optional(number, 0)
    bad_signature_percent       = optional(number, 20)
    bad_signature_least         = optional(number, 20)
    bounce_percent              = optional(number, 2.5)
    complaint_percent           = optional(number, 0.05)
    mail_least                  = optional(number, 200)
    mail_age_s                  = optional(number, 900)
    promotional_age_s           = optional(number, 21600)
    settlement_age_s            = optional(number, 7200)
    toss_age_s                  = optional(number, 900)
    outbox_age_s                = optional(number, 300)
    certificate_days            = optional(number, 60)
  })
  default     = {}
  description = "Above what an alarm goes off: percents, counts, seconds; certificate_days: below. bad_signature_least and mail_least: requests in 300 s and mails in a day below which a rate says nothing."
  validation {
    condition     = var.thresholds.error_percent > 0 && var.thresholds.error_percent < 100
    error_message = "error_percent is over 0 and under 100."
  }
  validation {
    condition     = var.thresholds.duration_percent_of_timeout >= 50 && var.thresholds.duration_percent_of_timeout < 100
    error_message = "duration_percent_of_timeout is 50 or more and under 100."
  }
  validation {
    condition     = var.thresholds.bounce_percent < 5 && var.thresholds.complaint_percent < 0.1
    error_message = "SES reviews an account at 5 % of bounces or 0.1 % of complaints: alarms come before."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of all resources."
}
