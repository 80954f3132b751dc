# The functions connect to the database, and by HTTPS to S3 and either the endpoints or anywhere.
resource "aws_security_group" "functions" {
  count = local.is_ours ? 1 : 0

  name        = "${var.name}-functions"
  description = "Functions of ${var.name}: nothing comes in"
  vpc_id      = var.vpc.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-functions" })
}

resource "aws_security_group" "endpoints" {
  count = local.is_ours && !local.is_nat ? 1 : 0

  name        = "${var.name}-endpoints"
  description = "Endpoints that the functions of ${var.name} reach AWS through"
  vpc_id      = var.vpc.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = local.is_ours && !local.is_nat ? 1 : 0

  description                  = "HTTPS of the functions"
  security_group_id            = aws_security_group.endpoints[0].id
  referenced_security_group_id = aws_security_group.functions[0].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# Endpoints that the VPC had before (interface_services without them) have addresses in the VPC that are
# not known here.
resource "aws_vpc_security_group_egress_rule" "https" {
  count = local.is_ours ? 1 : 0

  description                  = "HTTPS"
  security_group_id            = aws_security_group.functions[0].id
  referenced_security_group_id = local.is_closed ? aws_security_group.endpoints[0].id : null
  cidr_ipv4                    = local.is_closed ? null : "0.0.0.0/0"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  count = local.is_ours && local.is_closed ? 1 : 0

  description       = "HTTPS to S3"
  security_group_id = aws_security_group.functions[0].id
  prefix_list_id    = aws_vpc_endpoint.s3[0].prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "database_group" {
  count = local.is_ours && var.database.security_group_id != null ? 1 : 0

  description                  = "The database"
  security_group_id            = aws_security_group.functions[0].id
  referenced_security_group_id = var.database.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.database.port
  to_port                      = var.database.port
}

resource "aws_vpc_security_group_egress_rule" "database_addresses" {
  for_each = toset(local.is_ours ? var.database.cidr_blocks : [])

  description       = "The database"
  security_group_id = aws_security_group.functions[0].id
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = var.database.port
  to_port           = var.database.port
}

locals {
  is_closed = var.vpc.mode == "endpoints" && length(var.vpc.interface_services) == 2
}
