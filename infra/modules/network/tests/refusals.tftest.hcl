# Combinations that cannot work are refused when they are planned. Run by
# `node infra/checks/terraform.mjs -chdir=infra/modules/network test`.

variables {
  name     = "openmarket-dev"
  database = { port = 3306, security_group_id = "sg-1", cidr_blocks = [] }
  vpc      = { mode = "endpoints", vpc_id = "vpc-1", subnet_cidrs = ["10.0.1.0/24", "10.0.2.0/24"], availability_zones = ["ap-northeast-2a", "ap-northeast-2c"] }
}

run "is_planned" {
  command = plan
}

run "a_nat_without_a_public_subnet" {
  command = plan

  variables {
    vpc = { mode = "nat", vpc_id = "vpc-1", subnet_cidrs = ["10.0.1.0/24", "10.0.2.0/24"], availability_zones = ["ap-northeast-2a", "ap-northeast-2c"] }
  }

  expect_failures = [var.vpc]
}

run "no_vpc" {
  command = plan

  variables {
    vpc = { mode = "endpoints" }
  }

  expect_failures = [var.vpc]
}

run "one_zone_twice" {
  command = plan

  variables {
    vpc = { mode = "endpoints", vpc_id = "vpc-1", subnet_cidrs = ["10.0.1.0/24", "10.0.2.0/24"], availability_zones = ["ap-northeast-2a", "ap-northeast-2a"] }
  }

  expect_failures = [var.vpc]
}

run "given_subnets_in_another_mode" {
  command = plan

  variables {
    vpc = { mode = "endpoints", vpc_id = "vpc-1", subnet_cidrs = ["10.0.1.0/24", "10.0.2.0/24"], availability_zones = ["ap-northeast-2a", "ap-northeast-2c"], subnet_ids = ["subnet-1"] }
  }

  expect_failures = [var.vpc]
}

run "a_database_nowhere" {
  command = plan

  variables {
    database = { port = 3306, cidr_blocks = [] }
  }

  expect_failures = [var.database]
}
