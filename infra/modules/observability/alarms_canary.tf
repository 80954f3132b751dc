# Alarms that roll a deployment back. They watch the new version alone: Lambda writes its metrics with the
# dimension ExecutedVersion for invocations by an alias, and the version is the one that the last apply
# published. One period of 60 s, because two of 300 s would outlast a canary of 15 minutes together with the
# delay of the metrics, and a tenth of the traffic would be diluted by the other nine. They call nobody:
# CodeDeploy stops the deployment and reports it.
# Missing data: an invocation by the alias that another version handled writes none, so before and after a canary
# there are no data points.
locals {
  canaries = { for key, function in var.functions : key => function
  if contains(["image", "email", "webhook", "toss"], key) && function.published_version != null }
  of_version = { for key, function in local.canaries : key => merge(local.of_alias[key], { ExecutedVersion = function.published_version }) }

  alarms_of_canaries = merge(
    { for key, function in local.canaries : "${key}-canary-errors" => {
      of         = key
      text       = "More than ${var.thresholds.error_percent} % of the invocations of version ${function.published_version} of ${function.function_name} fail: the deployment is rolled back."
      above      = var.thresholds.error_percent
      period_s   = 60
      is_canary  = true
      expression = "100 * errors / invocations"
      label      = "errors of the new version, %"
      metrics = {
        errors      = { namespace = "AWS/Lambda", name = "Errors", dimensions = local.of_version[key] }
        invocations = { namespace = "AWS/Lambda", name = "Invocations", dimensions = local.of_version[key] }
      }
      missing = "notBreaching"
    } },
    { for key, function in local.canaries : "${key}-canary-duration" => {
      of        = key
      text      = "Version ${function.published_version} of ${function.function_name} takes more than ${var.thresholds.duration_percent_of_timeout} % of its time: the deployment is rolled back."
      above     = function.timeout_s * 10 * var.thresholds.duration_percent_of_timeout
      period_s  = 60
      is_canary = true
      metric    = { namespace = "AWS/Lambda", name = "Duration", statistic = "Maximum", dimensions = local.of_version[key] }
      missing   = "notBreaching"
    } },
    # With the new version's own count where Lambda writes one for the Function URL; the alias's as well, which a
    # version that fails always exceeds with its tenth of the requests.
    { for key, function in local.canaries : "${key}-canary-5xx" => {
      of         = key
      text       = "More than ${var.thresholds.error_percent} % of the webhooks that version ${function.published_version} handles get a 5xx, or of all: the deployment is rolled back."
      above      = var.thresholds.error_percent
      period_s   = 60
      is_canary  = true
      expression = "MAX([IF(FILL(new_requests, 0) > 0, 100 * FILL(new_failed, 0) / FILL(new_requests, 1), 0), 100 * FILL(failed, 0) / FILL(requests, 1)])"
      label      = "5xx, %"
      metrics = {
        new_failed   = { namespace = "AWS/Lambda", name = "Url5xxCount", dimensions = local.of_version[key] }
        new_requests = { namespace = "AWS/Lambda", name = "UrlRequestCount", dimensions = local.of_version[key] }
        failed       = { namespace = "AWS/Lambda", name = "Url5xxCount", dimensions = local.of_alias[key] }
        requests     = { namespace = "AWS/Lambda", name = "UrlRequestCount", dimensions = local.of_alias[key] }
      }
      missing = "notBreaching"
    } if key == "webhook" },
    # Of both versions together: the functions' own metrics have no version. A version that fails always has a
    # tenth of the mails, which is over the threshold.
    { for key, function in local.canaries : "${key}-canary-mail" => {
      of         = key
      text       = "More than ${var.thresholds.error_percent} % of the mails are refused, unknown or come back: the deployment is rolled back."
      above      = var.thresholds.error_percent
      period_s   = 60
      is_canary  = true
      expression = "100 * (FILL(refused, 0) + FILL(unknown, 0) + FILL(unavailable, 0)) / (FILL(sent, 0) + FILL(refused, 0) + FILL(unknown, 0) + FILL(unavailable, 0))"
      label      = "failed, % of mails"
      metrics = {
        sent        = { name = "MailsSent" }
        refused     = { name = "MailsRefused" }
        unknown     = { name = "MailsUnknown" }
        unavailable = { name = "MailsUnavailable" }
      }
      missing = "notBreaching"
    } if key == "email" },
    # Of both versions together, as above.
    { for key, function in local.canaries : "${key}-canary-objects" => {
      of         = key
      text       = "More than ${var.thresholds.error_percent} % of the photographs fail or are rejected as corrupt: the deployment is rolled back."
      above      = var.thresholds.error_percent
      period_s   = 60
      is_canary  = true
      expression = "100 * (FILL(failed, 0) + FILL(corrupt, 0)) / (FILL(failed, 0) + FILL(made, 0) + FILL(already_made, 0) + FILL(corrupt, 0))"
      label      = "failed, % of objects"
      metrics = {
        failed       = { name = "Failed" }
        made         = { name = "Made" }
        already_made = { name = "AlreadyMade" }
        corrupt      = { name = "Rejects", more = { Reason = "CORRUPT" } }
      }
      missing = "notBreaching"
    } if key == "image" },
  )
}
