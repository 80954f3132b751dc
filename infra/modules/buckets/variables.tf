variable "name_prefix" {
  type        = string
  description = "First part of the names, followed by environment and account."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name_prefix))
    error_message = "The prefix is 2 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "environment" {
  type        = string
  description = "The environment, dev or prod."
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "The environment is dev or prod."
  }
}

variable "uploads_bucket" {
  type        = string
  default     = null
  description = "A given bucket of the photographs, of which nothing is changed; null: one is made."
  validation {
    condition     = var.uploads_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.uploads_bucket))
    error_message = "This is no name of a bucket."
  }
}

variable "uploads_bucket_versioned" {
  type        = bool
  default     = true
  description = "Whether a given uploads_bucket has versions."
}

variable "reports_bucket" {
  type        = string
  default     = null
  description = "A given bucket of the reports, of which nothing is changed; null: one is made."
  validation {
    condition     = var.reports_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.reports_bucket))
    error_message = "This is no name of a bucket."
  }
}

variable "old_versions_days" {
  type        = number
  default     = 30
  description = "How long an overwritten or deleted photograph is kept."
  validation {
    condition     = var.old_versions_days >= 1
    error_message = "At least one day."
  }
}

variable "reports_retention_days" {
  type        = number
  default     = 1827
  description = "How long reports are kept, at least five years."
  validation {
    condition     = var.reports_retention_days >= 1827
    error_message = "At least 1827 days: five years, two of them leap years."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of the buckets that are made; null: S3's own encryption."
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by the ARN of a key, not of an alias."
  }
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether `terraform destroy` deletes the objects as well; refused for prod."
  validation {
    condition     = !(var.force_destroy && var.environment == "prod")
    error_message = "The objects of prod are not deleted by terraform destroy."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of the buckets."
}

variable "check_prefix" {
  type        = string
  description = "Prefix of the pictures that deployments are checked with; they are deleted after a day."
  validation {
    condition     = length(var.check_prefix) > 1 && endswith(var.check_prefix, "/")
    error_message = "The prefix ends with a slash; everything below it is deleted."
  }
}
