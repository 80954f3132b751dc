variable "name" {
  type        = string
  description = "The function without its environment, such as image-processor."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,29}$", var.name))
    error_message = "The name is 2 to 30 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "name_prefix" {
  type        = string
  default     = "openmarket"
  description = "First part of the name in AWS, which is PREFIX-ENVIRONMENT-NAME."
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

variable "description" {
  type        = string
  default     = ""
  description = "One line about the function, for the console."
  validation {
    condition     = length(var.description) <= 256
    error_message = "Lambda takes at most 256 characters as a description."
  }
}

variable "zip" {
  type        = string
  description = "Path of the deployment package that `make package` builds."
  validation {
    condition     = fileexists(var.zip)
    error_message = "The package does not exist: run `make package` first, or correct zips_dir and architecture."
  }
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Instruction set of the package: x86_64 or arm64."
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}

variable "memory_mb" {
  type        = number
  description = "Memory of the function in MB; CPU comes in proportion (1,769 MB is one CPU)."
  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "Lambda's memory is a whole number from 128 to 10240 MB."
  }
}

variable "timeout_s" {
  type        = number
  description = "Time limit of an invocation in seconds."
  validation {
    condition     = var.timeout_s >= 3 && var.timeout_s <= 900 && floor(var.timeout_s) == var.timeout_s
    error_message = "The timeout is a whole number from 3 to 900 s (the runtime ends an invocation 0.3 s before it)."
  }
}

variable "variables" {
  type        = map(string)
  default     = {}
  description = "Environment variables of the function; null values are left out."
  validation {
    condition = length(setintersection(keys(var.variables), [
      "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
      "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    ])) == 0
    error_message = "Lambda sets these variables itself and refuses a function that sets them (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html)."
  }
}

variable "policy_statements" {
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    conditions = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })), [])
  }))
  default     = []
  description = "What the function's code may call. The rights that Lambda itself needs are added by the module, each with a sid that begins with Lambda."
  validation {
    condition     = alltrue([for s in var.policy_statements : can(regex("^[A-Za-z0-9]{1,100}$", s.sid)) && !startswith(s.sid, "Lambda")])
    error_message = "A sid is letters and digits and does not begin with Lambda, which the module's own statements do."
  }
  validation {
    condition     = alltrue(flatten([for s in var.policy_statements : [for a in s.actions : !strcontains(a, "*")]]))
    error_message = "Name each action: an action with a wildcard is refused."
  }
  validation {
    condition     = alltrue(flatten([for s in var.policy_statements : [for r in s.resources : r != "*"]]))
    error_message = "Name the resources: the resource * is refused."
  }
  validation {
    condition     = length(distinct(var.policy_statements[*].sid)) == length(var.policy_statements)
    error_message = "Each statement has a sid of its own."
  }
}

variable "mappings" {
  type = map(object({
    queue_arn           = string
    visibility_s        = number
    batch_size          = number
    maximum_concurrency = number
    batching_window_s   = optional(number, 0)
  }))
  default     = {}
  description = "Queues whose messages the function receives, by a name of each."
  validation {
    condition     = alltrue([for m in values(var.mappings) : m.maximum_concurrency >= 2 && m.maximum_concurrency <= 1000])
    error_message = "The maximum concurrency of a mapping is 2 to 1000."
  }
  validation {
    condition     = var.reserved_concurrency == null || try(sum(values(var.mappings)[*].maximum_concurrency), 0) <= coalesce(var.reserved_concurrency, 1)
    error_message = "The maximum concurrencies of the mappings are together at most the reserved concurrency: more would be throttled, which counts as a receive of each message."
  }
  validation {
    condition     = alltrue([for m in values(var.mappings) : m.visibility_s >= 6 * var.timeout_s + m.batching_window_s])
    error_message = "A queue's visibility timeout is at least six times the function's timeout, and the batching window."
  }
  validation {
    condition     = alltrue([for m in values(var.mappings) : m.batch_size >= 1 && m.batch_size <= 10])
    error_message = "A batch is 1 to 10 messages."
  }
  validation {
    condition     = alltrue([for m in values(var.mappings) : m.batching_window_s >= 0 && m.batching_window_s <= 300])
    error_message = "A batching window is 0 to 300 s."
  }
}

variable "vpc" {
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default     = null
  description = "Subnets and security groups of the function; null: outside of any VPC."
  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "A function in a VPC needs at least one subnet and one security group."
  }
}

variable "reserved_concurrency" {
  type        = number
  default     = null
  description = "Environments that are reserved for the function, and its limit; null: none. New accounts have so small a quota that nothing can be reserved."
  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1, false)
    error_message = "The reserved concurrency is at least 1; null reserves none."
  }
}

variable "log_retention_days" {
  type        = number
  description = "How long the log is kept."
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch Logs takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "log_level" {
  type        = string
  default     = "INFO"
  description = "Least level of the function's own lines. Above INFO the metrics are dropped as well, because they are lines of the log."
  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "The level is TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "on_failure_arn" {
  type        = string
  default     = null
  description = "Queue for the events of asynchronous invocations that failed for good; null: none."
  validation {
    condition     = var.on_failure_arn == null || can(regex("^arn:[a-z-]+:sqs:", var.on_failure_arn))
    error_message = "The destination is the ARN of an SQS queue."
  }
}

variable "tracing" {
  type        = bool
  default     = true
  description = "Whether X-Ray samples the function's invocations; false: only those that the caller has sampled."
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of the environment variables, the log group and of messages to the on-failure queue; null: AWS's own keys."
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

variable "permissions_boundary_arn" {
  type        = string
  default     = null
  description = "Policy that bounds what the role may do at most; null: none."
  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "The boundary is given by the ARN of a managed policy."
  }
}
