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
