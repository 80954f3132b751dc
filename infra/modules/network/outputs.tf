output "vpc" {
  description = "Subnets and security groups for functions, as modules/function takes them."
  value = {
    subnet_ids         = local.is_ours ? [for subnet in aws_subnet.this : subnet.id] : var.vpc.subnet_ids
    security_group_ids = local.is_ours ? aws_security_group.functions[*].id : var.vpc.security_group_ids
  }

  # A function that starts before its way out exists cannot read its secrets.
  depends_on = [aws_route.nat, aws_vpc_endpoint.interface, aws_vpc_endpoint.s3, aws_route_table_association.this]
}

output "database_owner_must_add" {
  description = "The rule that the database's security group needs; its group is not changed here."
  value = local.is_ours ? {
    SecurityGroup = coalesce(var.database.security_group_id, "the database's")
    Ingress       = "tcp ${var.database.port} from ${aws_security_group.functions[0].id}"
  } : {}
}
