variable "name" {
  type        = string
  description = "Name of the queue; its dead-letter queue has -dlq after it."
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,76}$", var.name))
    error_message = "The name is 1 to 76 letters, digits, hyphens and underscores (SQS takes 80 with -dlq)."
  }
}

variable "visibility_s" {
  type        = number
  description = "How long a received message is hidden: at least six times the timeout of the function that receives it."
  validation {
    condition     = var.visibility_s >= 18 && var.visibility_s <= 43200 && floor(var.visibility_s) == var.visibility_s
    error_message = "The visibility timeout is a whole number from 18 s (six times Lambda's least useful timeout) to 43200 s."
  }
}

variable "max_receives" {
  type        = number
  default     = 10
  description = "After so many receives a message goes to the dead-letter queue."
  validation {
    condition     = var.max_receives >= 5 && var.max_receives <= 1000
    error_message = "5 to 1000: a message that comes back untouched counts as well, so that fewer lose messages to a busy minute."
  }
}

variable "retention_days" {
  type        = number
  default     = 14
  description = "How long a message is kept."
  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 14
    error_message = "SQS keeps messages up to 14 days."
  }
}

variable "dead_letter_retention_days" {
  type        = number
  default     = 14
  description = "How long a dead letter is kept, counted from when the message was first sent."
  validation {
    condition     = var.dead_letter_retention_days >= var.retention_days && var.dead_letter_retention_days <= 14
    error_message = "At least the queue's own retention, since the age goes on counting, and at most 14 days."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of both queues; null: SQS's own encryption."
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by the ARN of a key, not of an alias."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of both queues."
}
