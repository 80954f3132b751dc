variable "region" {
  type        = string
  default     = "ap-northeast-2"
  description = "Region of everything."
  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.region))
    error_message = "A region such as ap-northeast-2."
  }
}

variable "account_id" {
  type        = string
  description = "The account of this environment; credentials of another one are refused."
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account's id has twelve digits."
  }
}

variable "zips_dir" {
  type        = string
  default     = "../../../build/package"
  description = "Folder with x86_64/FUNCTION.zip and arm64/FUNCTION.zip, as `make package` builds them."
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Instruction set of all functions: x86_64, or arm64 at four fifths of the price."
}

variable "alarm_email" {
  type        = string
  default     = null
  description = "Address that alarms are sent to, which has to confirm a mail of SNS first; null: none."
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "KMS key of queues, buckets of ours, the table, logs, secrets of ours and environment variables. Its policy must let the services use it: the output kms_key_owner_must_add. null: the services' own keys."
}

variable "given_kms_key_arns" {
  type        = list(string)
  default     = []
  description = "KMS keys of given buckets and secrets that are encrypted with keys of their owners: the functions may use them."
}

variable "uploads_bucket" {
  type        = string
  default     = null
  description = "Bucket of the photographs that exists already and has an owner elsewhere: its notification, lifecycle and public-access settings are not touched, and the output uploads_owner_must_add states what its owner adds. null: a bucket is made."
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
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether `terraform destroy` deletes the objects of buckets of ours as well; refused for prod."
}

variable "image_trigger" {
  type        = string
  default     = "notification"
  description = "notification: S3 invokes the function, also for its own four outputs of an upload, which it skips. eventbridge: a rule that excludes them; EventBridge charges for every event of the bucket."
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
    backfill             = optional(bool, true)
  })
  default     = {}
  description = "The image function: 256 MB is what lambda/README.md measured as the size to deploy. The settings are the function's own (IMAGE_*); what is not given has the function's default. backfill: a role for S3 Batch Operations."
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
  description = "Where webhook-handler and settlement-report run. endpoints: new private subnets in vpc_id with endpoints of Secrets Manager, SQS and S3. nat: new private subnets with a NAT gateway in public_subnet_id. given: subnet_ids and security_group_ids as they are."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything, beside project and environment."
}

variable "guides_url" {
  type        = string
  default     = "infra/guides/on_call.md"
  description = "Where infra/guides/on_call.md can be read: alarms and the dashboard link to its sections."
}
