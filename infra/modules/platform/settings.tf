# The settings of an environment. infra/environments/dev and prod link to this file, so that what they accept is
# what the platform has.
variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Instruction set of all functions: x86_64, or arm64 at four fifths of the price."
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}

variable "zips_dir" {
  type        = string
  default     = "../../../build/package"
  description = "Folder with x86_64/FUNCTION.zip and arm64/FUNCTION.zip, as `make package` builds them."
  validation {
    condition     = length(var.zips_dir) > 0
    error_message = "The folder of the packages is required."
  }
}

variable "uploads_bucket" {
  type        = string
  default     = null
  description = "Bucket of the photographs that exists already and has an owner elsewhere: its notification, lifecycle and public-access settings are not touched, and the output uploads_owner_must_add states what its owner adds. null: a bucket is made."
  validation {
    condition     = var.uploads_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.uploads_bucket))
    error_message = "This is no name of a bucket."
  }
}

variable "uploads_bucket_versioned" {
  type        = bool
  default     = true
  description = "Whether a given uploads_bucket has versions, which need two more rights. A bucket of ours has."
}

variable "reports_bucket" {
  type        = string
  default     = null
  description = "Bucket of settlement reports that exists already; nothing of its settings is touched, and the output reports_owner_must_add states what its owner adds. null: a bucket is made."
  validation {
    condition     = var.reports_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.reports_bucket))
    error_message = "This is no name of a bucket."
  }
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether `terraform destroy` deletes the objects of buckets of ours as well; refused for prod."
}

variable "reports_retention_days" {
  type        = number
  default     = 1827
  description = "How long reports are kept in a bucket of ours: five years, which the Enforcement Decree of Korea's E-Commerce Act asks for records of payment and supply (article 6)."
  validation {
    condition     = var.reports_retention_days >= 1827
    error_message = "At least 1827 days, which are five years with two leap days."
  }
}

variable "image_trigger" {
  type        = string
  default     = "notification"
  description = "notification: S3 invokes the function, also for its own four outputs of an upload, which it skips. eventbridge: a rule that excludes them; EventBridge charges for every event of the bucket."
  validation {
    condition     = contains(["notification", "eventbridge"], var.image_trigger)
    error_message = "The trigger is notification or eventbridge."
  }
}

variable "image" {
  type = object({
    memory_mb            = optional(number, 256)
    timeout_s            = optional(number, 60)
    reserved_concurrency = optional(number)
    sizes                = optional(string)
    quality              = optional(number)
    preset               = optional(string)
    formats              = optional(string)
    source_prefix        = optional(string, "uploads/")
    output_folder        = optional(string, "processed")
    cache_control        = optional(string)
    max_source_mb        = optional(number)
    max_pixels           = optional(number)
    picture_memory_mb    = optional(number)
    cmyk_profile         = optional(string)
    jpeg_decoder         = optional(string)
    backfill             = optional(bool, true)
  })
  default     = {}
  description = "The image function: 256 MB is what lambda/README.md measured as the size to deploy. The settings are the function's own (IMAGE_*; jpeg_decoder is IMGCORE_JPEG); what is not given has the function's default. backfill: a role for S3 Batch Operations."
  validation {
    condition     = can(regex("^[A-Za-z0-9!_.*'()/-]+/$", var.image.source_prefix))
    error_message = "The prefix of the sources ends with a slash."
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.image.output_folder))
    error_message = "The folder of the outputs is one name of letters, digits, hyphens and underscores."
  }
}

variable "email" {
  type = object({
    memory_mb               = optional(number, 128)
    timeout_s               = optional(number, 30)
    reserved_concurrency    = optional(number)
    transactional_at_once   = optional(number, 2)
    promotional_at_once     = optional(number, 2)
    from_email              = string
    reply_to_email          = optional(string)
    bcc_email               = optional(string)
    sender_name             = optional(string)
    sender_email            = optional(string)
    sender_phone            = optional(string)
    sender_address          = optional(string)
    send_rate               = optional(string)
    idempotency_days        = optional(number, 30)
    is_hashed_with_a_secret = optional(bool, true)
  })
  description = "The mail function. send_rate: mails a second of one environment, which is the account's rate divided by transactional_at_once + promotional_at_once. PROMOTIONAL mails wait unless all four sender_ values are set."
  validation {
    condition     = can(regex("^([^<>]* )?<?[^@<> ]+@[a-z0-9.-]+>?$", var.email.from_email))
    error_message = "from_email is no-reply@example.com, or OpenMarket <no-reply@example.com>."
  }
  validation {
    condition     = endswith(trimsuffix(var.email.from_email, ">"), "@${var.mail.domain}") || endswith(trimsuffix(var.email.from_email, ">"), ".${var.mail.domain}")
    error_message = "from_email is an address of mail.domain or below it: the role may send from that identity alone."
  }
  validation {
    condition     = var.email.idempotency_days >= 28
    error_message = "A message can come again for 28 days: 14 from its queue and 14 from the dead-letter queue."
  }
  validation {
    condition     = var.email.send_rate == null || can(regex("^[0-9]+(\\.[0-9]{1,3})?$", var.email.send_rate))
    error_message = "send_rate is a number such as 14 or 0.5."
  }
}

variable "mail" {
  type = object({
    domain             = string
    is_identity_ours   = optional(bool, true)
    hosted_zone_id     = optional(string)
    mail_from_label    = optional(string)
    sandbox_recipients = optional(list(string), [])
  })
  description = "The domain that mails come from. is_identity_ours: the SES identity is made here, else it exists. hosted_zone_id: the DKIM records are made there; null: the output mail_dns_records states them. sandbox_recipients: identities that a sandbox account may send to."
  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.mail.domain))
    error_message = "The domain is in lower case, such as example.com."
  }
  validation {
    condition     = var.mail.is_identity_ours || (var.mail.hosted_zone_id == null && var.mail.mail_from_label == null)
    error_message = "Records and MAIL FROM belong to who made the identity: leave both out for a given identity."
  }
}

variable "settlement" {
  type = object({
    memory_mb                = optional(number, 512)
    timeout_s                = optional(number, 300)
    reserved_concurrency     = optional(number)
    batches_at_once          = optional(number, 2)
    batch_sellers            = optional(number)
    close_after              = optional(string)
    report_url_template      = optional(string)
    fee_rounding             = optional(string)
    vat_rounding             = optional(string)
    vat                      = optional(string)
    basis                    = optional(string)
    default_rate             = optional(string)
    shipping_rate            = optional(string)
    moment                   = optional(string)
    payout_cycle             = optional(string)
    payout_day               = optional(number)
    platform_name            = optional(string)
    platform_business_number = optional(string)
    is_scheduled             = optional(bool, true)
  })
  default     = {}
  description = "The settlement function; its settings are described in lambda/handlers/settlement/README.md. is_scheduled = false: the schedules exist and do not run, as while the Node functions still do the work."
  validation {
    condition     = var.settlement.timeout_s <= 300
    error_message = "At most 300 s: the settlement queue's visibility timeout is 1,800 s."
  }
  validation {
    condition     = var.settlement.close_after == null || can(regex("^[0-9]+(ms|s|m|h|d)$", var.settlement.close_after))
    error_message = "close_after is a duration such as 6h."
  }
}

variable "webhook" {
  type = object({
    memory_mb            = optional(number, 512)
    timeout_s            = optional(number, 30)
    reserved_concurrency = optional(number)
    inbox_days           = optional(number)
    outbox_days          = optional(number)
    has_unsubscribe      = optional(bool, false)
  })
  default     = {}
  description = "The webhook function. has_unsubscribe: the path /unsubscribe, with a secret of its own."
  validation {
    condition     = var.webhook.timeout_s >= 10
    error_message = "At least 10 s: the function gives a response within 8 s."
  }
}

variable "toss" {
  type = object({
    is_enabled = optional(bool, false)
    confirm    = optional(string, "direct")
    at_once    = optional(number, 2)
    api_url    = optional(string)
  })
  default     = {}
  description = "Toss Payments. confirm: direct, the webhook function asks Toss itself; twin, a second deployment of it outside of the VPC does."
  validation {
    condition     = contains(["direct", "twin"], var.toss.confirm)
    error_message = "confirm is direct or twin."
  }
  validation {
    condition = !(
      var.toss.is_enabled && var.toss.confirm == "direct" &&
      (var.vpc.mode == "endpoints" || (var.vpc.mode == "given" && !var.vpc.has_internet))
    )
    error_message = "Subnets without a way to the internet cannot reach Toss: set toss.confirm = \"twin\", or vpc.mode = \"nat\", or, if the given subnets have a NAT, vpc.has_internet = true."
  }
  validation {
    condition     = var.toss.api_url == null || can(regex("^https://", var.toss.api_url))
    error_message = "api_url is an https URL."
  }
}

variable "database" {
  type = object({
    secret_arn           = optional(string)
    migration_secret_arn = optional(string)
    has_migrations       = optional(bool, true)
    name                 = optional(string)
    ca_file              = optional(string)
    connect_timeout      = optional(string)
    lock_wait            = optional(string)
    port                 = optional(number, 3306)
    security_group_id    = optional(string)
    cidr_blocks          = optional(list(string), [])
  })
  default     = {}
  description = "The platform's database. secret_arn: its secret, if there is one, else an empty one is made. has_migrations: the functions may read the migrations' login. security_group_id or cidr_blocks: where the functions may connect to; not used with vpc.mode = given."
  validation {
    condition     = var.database.secret_arn == null || can(regex("^arn:[a-z-]+:secretsmanager:", var.database.secret_arn))
    error_message = "A secret is given by its complete ARN."
  }
}

variable "secret_arns" {
  type = object({
    webhook      = optional(string)
    toss         = optional(string)
    unsubscribe  = optional(string)
    address_hash = optional(string)
  })
  default     = {}
  description = "Secrets that exist already. What is not given is made without a value: values are never Terraform's."
  validation {
    condition     = alltrue([for arn in values(var.secret_arns) : arn == null || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6}$", arn))])
    error_message = "A secret is given by its complete ARN, with the six characters at its end: rights name exactly it."
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
  description = "Where webhook-handler and settlement-report run. endpoints: new private subnets in vpc_id with endpoints of Secrets Manager, SQS and S3 (interface_services may name xray as well). nat: new private subnets with a NAT gateway in public_subnet_id. given: subnet_ids and security_group_ids as they are."
  validation {
    condition     = contains(["endpoints", "nat", "given"], var.vpc.mode)
    error_message = "vpc.mode is endpoints, nat or given."
  }
  validation {
    condition     = var.vpc.mode != "given" || (length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0)
    error_message = "vpc.mode = given needs subnet_ids and security_group_ids."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of queues, buckets of ours, the table, logs, secrets of ours and environment variables. Its policy must let the services use it: the output kms_key_owner_must_add. null: the services' own keys."
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by the ARN of a key, not of an alias."
  }
}

variable "given_kms_key_arns" {
  type        = list(string)
  default     = []
  description = "KMS keys of given buckets and secrets that are encrypted with keys of their owners: the functions may use them."
  validation {
    condition     = alltrue([for arn in var.given_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Each key is given by the ARN of a key, not of an alias."
  }
}

variable "alarm_email" {
  type        = string
  default     = null
  description = "Address that alarms are sent to, which has to confirm a mail of SNS first; null: none."
  validation {
    condition     = var.alarm_email == null || can(regex("^[^@ ]+@[^@ ]+$", var.alarm_email))
    error_message = "This is no address."
  }
}

variable "guides_url" {
  type        = string
  default     = "infra/guides/on_call.md"
  description = "Where infra/guides/on_call.md can be read: alarms and the dashboard link to its sections."
}

variable "log_retention_days" {
  type        = number
  default     = null
  description = "How long logs are kept; null: 7 days in dev, 30 in prod."
  validation {
    condition     = var.log_retention_days == null || contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], coalesce(var.log_retention_days, 7))
    error_message = "CloudWatch Logs takes certain numbers of days, such as 7, 30, 365 and 1827."
  }
}

variable "log_level" {
  type        = string
  default     = "INFO"
  description = "Least level of the functions' own lines. Above INFO the metrics, and so most alarms, are gone as well."
}

variable "metrics_namespace" {
  type        = string
  default     = "OpenMarket"
  description = "Namespace of the functions' metrics."
  validation {
    condition     = can(regex("^[A-Za-z0-9._/#:-]{1,255}$", var.metrics_namespace)) && !startswith(var.metrics_namespace, "AWS/")
    error_message = "A namespace of CloudWatch, not below AWS/."
  }
}

variable "tracing" {
  type        = bool
  default     = true
  description = "Whether X-Ray samples invocations."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything, beside project and environment."
}
