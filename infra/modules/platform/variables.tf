# What an environment states itself; its settings are in settings.tf.
variable "env" {
  type        = string
  description = "The environment: dev or prod."
  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "The environment is dev or prod."
  }
  validation {
    condition     = !(var.force_destroy && var.env == "prod")
    error_message = "The objects of prod are not deleted by terraform destroy."
  }
  validation {
    condition     = var.env != "prod" || var.settlement.report_url_template != null
    error_message = "prod needs report_url_template: the function does not start without it, because a presigned URL ends hours after the mail."
  }
}

variable "name_prefix" {
  type        = string
  default     = "openmarket"
  description = "First part of every name, followed by the environment."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name_prefix))
    error_message = "The prefix is 2 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "permissions_boundary_arn" {
  type        = string
  default     = null
  description = "Policy that bounds what each role may do at most: the one that bootstrap makes, without which its deploy role makes no role. null: none, for who deploys as an administrator."
  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "The boundary is given by the ARN of a managed policy."
  }
}
