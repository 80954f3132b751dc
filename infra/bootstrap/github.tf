# GitHub's workflows get credentials for an hour by OpenID Connect; no long-lived key exists.
locals {
  issuer       = "token.actions.githubusercontent.com"
  provider_arn = var.has_provider ? "arn:aws:iam::${var.account_id}:oidc-provider/${local.issuer}" : aws_iam_openid_connect_provider.github[0].arn
}

# AWS trusts this issuer by its certificate authority, so no thumbprint is needed.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.has_provider ? 0 : 1

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  for_each = toset(var.environments)

  name                 = "${var.name_prefix}-${each.key}-deploy"
  description          = "Deploys ${each.key} from ${var.repository}"
  max_session_duration = 7200

  # The subject is the environment, not a branch: who may deploy into it, and after whose approval, is set
  # in the repository's environment of that name.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "repo:${var.repository}:environment:${each.key}"
        }
      }
    }]
  })
}

resource "aws_iam_policy" "deploy" {
  for_each = local.policies

  name        = "${var.name_prefix}-${each.key}"
  description = "Part of what the deployment may do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local.attachments

  role       = aws_iam_role.deploy[each.value].name
  policy_arn = aws_iam_policy.deploy[each.key].arn
}
