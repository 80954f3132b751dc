variable "region" {
  type        = string
  default     = "ap-northeast-2"
  description = "Region of the state's bucket."
  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.region))
    error_message = "A region such as ap-northeast-2."
  }
}

variable "account_id" {
  type        = string
  description = "The account; credentials of another one are refused."
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account's id has twelve digits."
  }
}

variable "name_prefix" {
  type        = string
  default     = "openmarket"
  description = "First part of every name, as in modules/platform."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name_prefix))
    error_message = "The prefix is 2 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "repository" {
  type        = string
  description = "The repository on GitHub whose workflows deploy, OWNER/NAME."
  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "The repository is OWNER/NAME."
  }
}

variable "environments" {
  type        = list(string)
  default     = ["dev", "prod"]
  description = "Environments that this account has; each gets a role to deploy with."
  validation {
    condition     = length(var.environments) > 0 && length(setsubtract(var.environments, ["dev", "prod"])) == 0
    error_message = "The environments are dev, prod or both."
  }
}

variable "has_provider" {
  type        = bool
  default     = false
  description = "Whether the account has GitHub's OIDC provider already: an account has one for each issuer."
}

variable "makes_networks" {
  type        = bool
  default     = true
  description = "Whether deployments make networks (vpc.mode endpoints or nat); false for vpc.mode given: the roles may change no network."
}

variable "hosted_zone_ids" {
  type        = list(string)
  default     = []
  description = "Route 53 zones that mail records are made in."
}

variable "given" {
  type = map(object({
    buckets      = optional(list(string), [])
    secret_arns  = optional(list(string), [])
    kms_key_arns = optional(list(string), [])
  }))
  default     = {}
  description = "By environment, what its roles may use although it is not made by Terraform and has other names: buckets, secrets and KMS keys."
  validation {
    condition     = length(setsubtract(keys(var.given), ["dev", "prod"])) == 0
    error_message = "The environments are dev and prod."
  }
  validation {
    condition = alltrue(flatten([for one in values(var.given) : [
      [for arn in one.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", arn))],
      [for arn in one.kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[^*]+$", arn))],
      [for name in one.buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))],
    ]]))
    error_message = "Secrets and keys are given by their ARNs, buckets by their names."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything that is made here."
}
