# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/mail test`.

variables {
  name_prefix = "openmarket"
  environment = "dev"
  domain      = "dev.example.com"
}

run "three_dkim_records_for_the_owner" {
  command = plan

  assert {
    condition     = length(output.dns_records) == 3 && length(aws_route53_record.this) == 0
    error_message = "The records of DKIM are not stated."
  }
}

run "a_given_identity_is_not_touched" {
  command = plan

  variables {
    is_identity_ours = false
  }

  assert {
    condition     = length(aws_sesv2_email_identity.this) + length(aws_route53_record.this) + length(output.dns_records) == 0
    error_message = "Something of a given identity is made."
  }
}

run "records_of_a_given_identity_are_not_ours" {
  command = plan

  variables {
    is_identity_ours = false
    hosted_zone_id   = "Z1"
  }

  expect_failures = [var.hosted_zone_id]
}

run "mail_from_of_a_given_identity_is_not_ours" {
  command = plan

  variables {
    is_identity_ours = false
    mail_from_label  = "bounce"
  }

  expect_failures = [var.mail_from_label]
}

run "a_domain_in_upper_case" {
  command = plan

  variables {
    domain = "Example.com"
  }

  expect_failures = [var.domain]
}

run "an_address_for_a_domain" {
  command = plan

  variables {
    domain = "no-reply@example.com"
  }

  expect_failures = [var.domain]
}

run "a_recipient_with_a_name" {
  command = plan

  variables {
    sandbox_recipients = ["Kim <kim@example.com>"]
  }

  expect_failures = [var.sandbox_recipients]
}

run "alarms_need_bounces_and_complaints" {
  command = plan

  variables {
    event_types = ["SEND", "BOUNCE"]
  }

  expect_failures = [var.event_types]
}

run "an_event_that_is_not_counted" {
  command = plan

  variables {
    event_types = ["BOUNCE", "COMPLAINT", "OPEN"]
  }

  expect_failures = [var.event_types]
}

run "a_third_environment" {
  command = plan

  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}
