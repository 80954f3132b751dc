data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  name         = "${var.name_prefix}-${var.environment}"
  ses_arn      = "arn:aws:ses:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
  identity_arn = "${local.ses_arn}:identity/${var.domain}"
  is_prod      = var.environment == "prod"
}

# The record that lets no mail out twice: services/email and lambda/handlers/email/README.md.
resource "aws_dynamodb_table" "sent" {
  name                        = "${local.name}-mails-sent"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = local.is_prod
  tags                        = var.tags

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  # A table that is restored lets recent mails out twice; no table at all, every mail.
  point_in_time_recovery {
    enabled = local.is_prod
  }

  dynamic "server_side_encryption" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}

resource "aws_sesv2_configuration_set" "this" {
  configuration_set_name = local.name
  tags                   = var.tags

  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  sending_options {
    sending_enabled = true
  }

  # Mails to addresses that bounced or complained are kept back by SES.
  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

resource "aws_sesv2_email_identity" "this" {
  count = var.is_identity_ours ? 1 : 0

  email_identity         = var.domain
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name
  tags                   = var.tags

  dkim_signing_attributes {
    next_signing_key_length = "RSA_2048_BIT"
  }
}

resource "aws_sesv2_email_identity_mail_from_attributes" "this" {
  count = var.mail_from_label == null ? 0 : 1

  email_identity         = aws_sesv2_email_identity.this[0].email_identity
  mail_from_domain       = "${var.mail_from_label}.${var.domain}"
  behavior_on_mx_failure = "USE_DEFAULT_VALUE"
}
