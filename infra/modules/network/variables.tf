variable "name" {
  type        = string
  description = "First part of the names."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "The name is 2 to 41 lower-case letters, digits and hyphens."
  }
}

variable "vpc" {
  type = object({
    mode               = string
    vpc_id             = optional(string)
    subnet_cidrs       = optional(list(string), [])
    availability_zones = optional(list(string), [])
    public_subnet_id   = optional(string)
    interface_services = optional(list(string), ["secretsmanager", "sqs"])
    subnet_ids         = optional(list(string), [])
    security_group_ids = optional(list(string), [])
    has_internet       = optional(bool, false)
  })
  description = "See modules/platform."
  validation {
    condition     = contains(["endpoints", "nat", "given"], var.vpc.mode)
    error_message = "vpc.mode is endpoints, nat or given."
  }
  validation {
    condition     = var.vpc.mode == "given" || var.vpc.vpc_id != null
    error_message = "vpc.mode endpoints and nat need vpc_id: the VPC of the database."
  }
  validation {
    condition     = var.vpc.mode == "given" || (length(var.vpc.subnet_cidrs) >= 2 && length(var.vpc.subnet_cidrs) == length(var.vpc.availability_zones))
    error_message = "vpc.mode endpoints and nat need subnet_cidrs and as many availability_zones, at least two."
  }
  validation {
    condition     = alltrue([for cidr in var.vpc.subnet_cidrs : can(cidrhost(cidr, 0))])
    error_message = "subnet_cidrs are CIDR blocks such as 10.0.128.0/24."
  }
  validation {
    condition     = length(distinct(var.vpc.availability_zones)) == length(var.vpc.availability_zones)
    error_message = "Each subnet is in an availability zone of its own: an interface endpoint takes one subnet a zone."
  }
  validation {
    condition     = (var.vpc.mode == "nat") == (var.vpc.public_subnet_id != null)
    error_message = "vpc.mode = nat, and it alone, needs public_subnet_id, where the NAT gateway is placed."
  }
  validation {
    condition     = var.vpc.mode != "given" || (length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0)
    error_message = "vpc.mode = given needs subnet_ids and security_group_ids."
  }
  validation {
    condition     = var.vpc.mode == "given" || (length(var.vpc.subnet_ids) == 0 && length(var.vpc.security_group_ids) == 0)
    error_message = "subnet_ids and security_group_ids are for vpc.mode = given alone; the other modes make their own."
  }
  validation {
    condition     = length(setsubtract(var.vpc.interface_services, ["secretsmanager", "sqs", "xray"])) == 0
    error_message = "interface_services are secretsmanager, sqs and xray; leave out what the VPC has already."
  }
}

variable "database" {
  type = object({
    port              = number
    security_group_id = optional(string)
    cidr_blocks       = list(string)
  })
  description = "Where the database is."
  validation {
    condition     = var.vpc.mode == "given" || var.database.security_group_id != null || length(var.database.cidr_blocks) > 0
    error_message = "vpc.mode endpoints and nat need database.security_group_id or database.cidr_blocks: the functions may connect nowhere else."
  }
  validation {
    condition     = var.database.port >= 1 && var.database.port <= 65535
    error_message = "A port is 1 to 65535."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything that the module makes."
}
