variable "name" {
  type        = string
  description = "Name of the schedule and of its role."
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,55}$", var.name))
    error_message = "The name is 1 to 55 letters, digits, hyphens, underscores and dots."
  }
}

variable "description" {
  type        = string
  default     = ""
  description = "One line about the schedule, for the console."
  validation {
    condition     = length(var.description) <= 512
    error_message = "The description has at most 512 characters."
  }
}

variable "group_name" {
  type        = string
  description = "Schedule group, which must exist."
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,64}$", var.group_name))
    error_message = "The group's name is 1 to 64 letters, digits, hyphens, underscores and dots."
  }
}

variable "expression" {
  type        = string
  description = "cron(...) or rate(...) of EventBridge Scheduler, in the time of Seoul."
  validation {
    condition     = can(regex("^(rate\\([0-9]+ (minute|minutes|hour|hours|day|days)\\)|cron\\([^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+\\))$", var.expression))
    error_message = "The expression is rate(value unit), or cron() with six fields: minutes hours day-of-month month day-of-week year."
  }
}

variable "input" {
  type        = string
  description = "What the function gets: JSON text. Written as a heredoc, because jsonencode would write the < of <aws.scheduler.scheduled-time> as \\u003c, which EventBridge Scheduler does not replace."
  validation {
    condition     = can(jsondecode(var.input)) && !strcontains(var.input, "\\u003c")
    error_message = "The input is JSON, with < and > as they are: write it as a heredoc, not by jsonencode."
  }
}

variable "target_arn" {
  type        = string
  description = "ARN of the function's alias."
  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$", var.target_arn))
    error_message = "The target is the ARN of an alias, FUNCTION:ALIAS at its end, so that CodeDeploy decides which version runs."
  }
}

variable "dlq_arn" {
  type        = string
  description = "Queue for invocations that could not be handed to Lambda."
  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:", var.dlq_arn))
    error_message = "The dead-letter queue is given by the ARN of an SQS queue."
  }
}

variable "retry" {
  type = object({
    maximum_attempts = optional(number, 10)
    maximum_age_s    = optional(number, 3600)
  })
  default     = {}
  description = "How often, and for how long, EventBridge Scheduler tries to hand the event to Lambda."
  validation {
    condition     = var.retry.maximum_attempts >= 0 && var.retry.maximum_attempts <= 185 && var.retry.maximum_age_s >= 60 && var.retry.maximum_age_s <= 86400
    error_message = "0 to 185 attempts, 60 to 86400 s."
  }
}

variable "enabled" {
  type        = bool
  default     = true
  description = "false: the schedule exists and does not run."
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of the schedule's input and of the dead-letter queue; null: AWS's own."
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by the ARN of a key, not of an alias."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of the role; schedules themselves have none."
}

variable "permissions_boundary_arn" {
  type        = string
  default     = null
  description = "Policy that bounds what the schedule's role may do at most; null: none."
  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "The boundary is given by the ARN of a managed policy."
  }
}
