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
    function_arn      = string
    alias             = string
    published_version = string
    strategy          = string
    alarms            = optional(list(string), [])
    is_checked        = optional(bool, true)
    migrates          = optional(bool, false)
  }))
  description = "The functions, by key. function_arn: without a qualifier. published_version: the version that the last apply published. strategy: canary (10 % for 15 minutes) or all_at_once. alarms: names of the alarms that roll a deployment back. is_checked: whether the hook runs before traffic; not for the hook itself. migrates: whether the new version runs its migrations first."
  validation {
    condition     = alltrue([for f in values(var.functions) : contains(["canary", "all_at_once"], f.strategy)])
    error_message = "A strategy is canary or all_at_once."
  }
  validation {
    condition     = alltrue([for f in values(var.functions) : f.strategy != "canary" || length(f.alarms) > 0])
    error_message = "A canary without an alarm is never rolled back: give the names of its alarms."
  }
  validation {
    condition     = alltrue([for f in values(var.functions) : length(f.alarms) <= 10])
    error_message = "CodeDeploy takes at most 10 alarms a deployment group."
  }
  validation {
    condition     = alltrue([for f in values(var.functions) : !endswith(f.function_arn, ":${f.alias}")])
    error_message = "function_arn is the function's own ARN, not its alias's."
  }
}

variable "hook" {
  type = object({
    function_name = string
    function_arn  = string
  })
  description = "The function that checks a new version before traffic (BeforeAllowTraffic). An appspec of Lambda takes the name of a function, so its newest code runs and not its alias's."
  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[^:]+$", var.hook.function_arn))
    error_message = "function_arn is the function's own ARN, not its alias's."
  }
}

variable "topic_arn" {
  type        = string
  default     = null
  description = "SNS topic that deployments which fail, are stopped or rolled back are published to; null: none."
  validation {
    condition     = var.topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", var.topic_arn))
    error_message = "The topic is given by its ARN."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of all resources."
}

variable "permissions_boundary_arn" {
  type        = string
  default     = null
  description = "Policy that bounds what CodeDeploy's role may do at most; null: none."
  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "The boundary is given by the ARN of a managed policy."
  }
}
