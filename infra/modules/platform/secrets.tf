# Secrets without a value: Terraform never sees one, so that none is in its state. infra/README.md states
# what to put into each.
locals {
  wanted_secrets = {
    db             = { arn = var.database.secret_arn, wanted = true, description = "The functions' login to the database" }
    db-migration   = { arn = var.database.migration_secret_arn, wanted = var.database.has_migrations, description = "The migrations' login to the database" }
    webhook        = { arn = var.secret_arns.webhook, wanted = true, description = "Secrets that webhooks are signed with" }
    toss           = { arn = var.secret_arns.toss, wanted = var.toss.is_enabled, description = "The key that Toss is asked with" }
    unsubscribe    = { arn = var.secret_arns.unsubscribe, wanted = var.webhook.has_unsubscribe, description = "Secrets of the links that refuse mails" }
    email-hash-key = { arn = var.secret_arns.address_hash, wanted = var.email.is_hashed_with_a_secret, description = "Key of the hashes of addresses in logs" }
  }

  # null: not wanted.
  secrets = { for key, secret in local.wanted_secrets : key =>
    !secret.wanted ? null : secret.arn != null ? secret.arn : aws_secretsmanager_secret.this[key].arn
  }

  database = {
    secret_arn           = local.secrets["db"]
    migration_secret_arn = local.secrets["db-migration"]
    name                 = var.database.name
    ca_file              = var.database.ca_file
    connect_timeout      = var.database.connect_timeout
    lock_wait            = var.database.lock_wait
  }
}

resource "aws_secretsmanager_secret" "this" {
  for_each = { for key, secret in local.wanted_secrets : key => secret if secret.wanted && secret.arn == null }

  name                    = "${var.name_prefix}/${var.env}/${each.key}"
  description             = each.value.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.env == "prod" ? 30 : 7
  tags                    = local.tags
}
