# Easy DKIM's three records, and those of MAIL FROM. DMARC is the domain owner's own decision.
locals {
  dkim_records = { for i in range(var.is_identity_ours ? 3 : 0) : "dkim-${i + 1}" => {
    name  = "${aws_sesv2_email_identity.this[0].dkim_signing_attributes[0].tokens[i]}._domainkey.${var.domain}"
    type  = "CNAME"
    value = "${aws_sesv2_email_identity.this[0].dkim_signing_attributes[0].tokens[i]}.dkim.amazonses.com"
  } }

  mail_from_records = var.mail_from_label == null ? {} : {
    mail-from-mx = {
      name  = "${var.mail_from_label}.${var.domain}"
      type  = "MX"
      value = "10 feedback-smtp.${data.aws_region.current.region}.amazonses.com"
    }
    mail-from-spf = {
      name  = "${var.mail_from_label}.${var.domain}"
      type  = "TXT"
      value = "v=spf1 include:amazonses.com ~all"
    }
  }

  records = merge(local.dkim_records, local.mail_from_records)
}

resource "aws_route53_record" "this" {
  for_each = { for key, record in local.records : key => record if var.hosted_zone_id != null }

  zone_id = var.hosted_zone_id
  name    = each.value.name
  type    = each.value.type
  ttl     = 1800
  records = [each.value.value]
}
