variable "name_prefix" {
  type        = string
  description = "First part of the names, followed by environment and account."
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
