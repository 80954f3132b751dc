# Private subnets of the functions in the database's VPC. They have route tables of their own, so that
# nothing of the VPC's is changed.
data "aws_region" "current" {}

locals {
  is_ours = var.vpc.mode != "given"
  is_nat  = var.vpc.mode == "nat"
  subnets = local.is_ours ? { for i, zone in var.vpc.availability_zones : zone => var.vpc.subnet_cidrs[i] } : {}
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id            = var.vpc.vpc_id
  cidr_block        = each.value
  availability_zone = each.key
  tags              = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_route_table" "this" {
  count = local.is_ours ? 1 : 0

  vpc_id = var.vpc.vpc_id
  tags   = merge(var.tags, { Name = var.name })
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = aws_route_table.this[0].id
}

# S3 through its gateway endpoint, which costs nothing, with a NAT as well.
resource "aws_vpc_endpoint" "s3" {
  count = local.is_ours ? 1 : 0

  vpc_id            = var.vpc.vpc_id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.this[0].id]
  tags              = merge(var.tags, { Name = "${var.name}-s3" })
}

# With private DNS the services' own names lead to the endpoints; a VPC has one such endpoint a service. X-Ray has one,
# too (docs.aws.amazon.com/xray/latest/devguide/xray-security-vpc-endpoint.html), for daemons in the VPC. Lambda runs the
# daemon of a function itself (docs.aws.amazon.com/xray/latest/devguide/xray-services-lambda.html), and traces of functions
# in a VPC arrive (github.com/aws/aws-xray-daemon/issues/26); no page says by which network. So it is not made unless
# asked for: if traces of these functions are missing, add "xray".
resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.vpc.mode == "endpoints" ? var.vpc.interface_services : [])

  vpc_id              = var.vpc.vpc_id
  service_name        = "com.amazonaws.${data.aws_region.current.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.this : subnet.id]
  security_group_ids  = [aws_security_group.endpoints[0].id]
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_eip" "nat" {
  count = local.is_nat ? 1 : 0

  domain = "vpc"
  tags   = merge(var.tags, { Name = "${var.name}-nat" })
}

resource "aws_nat_gateway" "this" {
  count = local.is_nat ? 1 : 0

  subnet_id     = var.vpc.public_subnet_id
  allocation_id = aws_eip.nat[0].id
  tags          = merge(var.tags, { Name = var.name })
}

resource "aws_route" "nat" {
  count = local.is_nat ? 1 : 0

  route_table_id         = aws_route_table.this[0].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}
