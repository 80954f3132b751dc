variable "name_prefix" {
  type        = string
  description = "First part of the names, followed by the environment."
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

variable "domain" {
  type        = string
  description = "The domain that mails come from."
  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "The domain is in lower case, such as example.com."
  }
}

variable "is_identity_ours" {
  type        = bool
  default     = true
  description = "Whether the SES identity is made here; false: it exists."
}

variable "hosted_zone_id" {
  type        = string
  default     = null
  description = "Route 53 zone that the records are made in; null: dns_records states them."
  validation {
    condition     = var.hosted_zone_id == null || var.is_identity_ours
    error_message = "The records of a given identity are its owner's."
  }
}

variable "mail_from_label" {
  type        = string
  default     = null
  description = "Label of the MAIL FROM domain below the domain, such as bounce; null: amazonses.com."
  validation {
    condition     = var.mail_from_label == null || var.is_identity_ours
    error_message = "MAIL FROM of a given identity is its owner's."
  }
}

variable "sandbox_recipients" {
  type        = list(string)
  default     = []
  description = "Identities (addresses or domains) that a sandbox account may send to."
  validation {
    condition     = alltrue([for one in var.sandbox_recipients : can(regex("^([^@ ]+@)?[a-z0-9.-]+$", one))])
    error_message = "Recipients are addresses or domains."
  }
}

variable "event_types" {
  type        = list(string)
  default     = ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"]
  description = "Events that SES publishes; each costs an invocation of the mail function."
  validation {
    condition     = alltrue([for type in ["BOUNCE", "COMPLAINT"] : contains(var.event_types, type)])
    error_message = "BOUNCE and COMPLAINT are needed by the alarms."
  }
  validation {
    condition     = length(setsubtract(var.event_types, ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"])) == 0
    error_message = "The function counts SEND, DELIVERY, BOUNCE, COMPLAINT, REJECT and DELIVERY_DELAY."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of the table and the topic, whose policy lets SES use it; null: AWS's own (the topic is not encrypted)."
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by the ARN of a key, not of an alias."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything that the module makes."
}
