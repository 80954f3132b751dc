# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/platform test`.

variables {
  env      = "dev"
  zips_dir = "../../../build/package"
  mail     = { domain = "example.com" }
  email    = { from_email = "OpenMarket <no-reply@example.com>" }
  database = { security_group_id = "sg-1" }
  vpc = {
    mode               = "endpoints"
    vpc_id             = "vpc-1"
    subnet_cidrs       = ["10.0.1.0/24", "10.0.2.0/24"]
    availability_zones = ["ap-northeast-2a", "ap-northeast-2c"]
  }
}

run "is_planned" {
  command = plan
}

run "toss_is_out_of_reach_of_endpoints" {
  command = plan

  variables {
    toss = { is_enabled = true, confirm = "direct" }
  }

  expect_failures = [var.toss]
}

run "toss_is_out_of_reach_of_given_subnets" {
  command = plan

  variables {
    toss = { is_enabled = true }
    vpc  = { mode = "given", subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.toss]
}

run "the_twin_reaches_toss" {
  command = plan

  variables {
    toss = { is_enabled = true, confirm = "twin" }
  }

  assert {
    condition     = length(keys(output.functions)) == 6
    error_message = "The twin is missing."
  }
}

run "prod_needs_the_page_of_reports" {
  command = plan

  variables {
    env = "prod"
  }

  expect_failures = [var.env]
}

run "mails_come_from_the_domain" {
  command = plan

  variables {
    email = { from_email = "no-reply@example.org" }
  }

  expect_failures = [var.email]
}

run "records_of_a_given_identity_are_not_ours" {
  command = plan

  variables {
    mail = { domain = "example.com", is_identity_ours = false, hosted_zone_id = "Z1" }
  }

  expect_failures = [var.mail]
}

run "reports_are_kept_five_years" {
  command = plan

  variables {
    reports_retention_days = 1826
  }

  expect_failures = [var.reports_retention_days]
}

run "objects_of_prod_are_kept" {
  command = plan

  variables {
    env           = "prod"
    force_destroy = true
    settlement    = { report_url_template = "https://example.com/{sellerId}/{firstDay}" }
  }

  expect_failures = [var.env]
}
