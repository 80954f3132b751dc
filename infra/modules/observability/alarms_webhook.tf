locals {
  alarms_of_webhooks = {
    # The function gives every request a response, so a 500 is no error of the invocation.
    webhook-http-5xx = {
      of         = "webhook"
      text       = "More than ${var.thresholds.error_percent} % of the webhooks get a 5xx: senders repeat them for days."
      above      = var.thresholds.error_percent
      periods    = 2
      expression = "100 * failed / requests"
      label      = "5xx, % of requests"
      metrics = {
        failed   = { namespace = "AWS/Lambda", name = "Url5xxCount", dimensions = local.of_alias.webhook }
        requests = { namespace = "AWS/Lambda", name = "UrlRequestCount", dimensions = local.of_alias.webhook }
      }
      missing = "notBreaching" # without requests there are no data points, and nothing failed
    }

    webhook-bad-signatures = {
      of         = "webhook"
      text       = "More than ${var.thresholds.bad_signature_percent} % of the requests are not signed, or wrongly: a secret differs, a clock is wrong, or somebody guesses."
      above      = var.thresholds.bad_signature_percent
      periods    = 2
      expression = "IF(requests > ${var.thresholds.bad_signature_least}, 100 * FILL(refused, 0) / requests, 0)"
      label      = "refused, % of requests"
      metrics = {
        refused  = { name = "SignaturesRefused" }
        requests = { namespace = "AWS/Lambda", name = "UrlRequestCount", dimensions = local.of_alias.webhook }
      }
      missing = "notBreaching" # without requests there are no data points, and nothing was refused
    }

    webhook-goods-and-money = {
      of      = "webhook"
      text    = "A deposit was reversed, or an order cancelled, with goods on their way, or a cancelled order was paid: goods and money are apart."
      above   = 0
      metric  = { name = "Alarms" }
      missing = "notBreaching" # it is written only when it happens, so silence is its zero
    }

    webhook-outbox-age = {
      of      = "webhook"
      text    = "A mail that an order owes waits longer than ${var.thresholds.outbox_age_s} s in the outbox."
      above   = var.thresholds.outbox_age_s
      periods = 2
      metric  = { name = "OutboxOldestSeconds", statistic = "Maximum" }
      missing = "notBreaching" # a sweep that does not run is the alarm sweep-silent
    }

    webhook-sweep-silent = {
      of      = "webhook"
      text    = "The outbox sweep, due every minute, has not run for 15 minutes: mails that failed once stay."
      below   = 1
      periods = 3
      metric  = { name = "OutboxLeft", statistic = "SampleCount" }
      missing = "breaching" # each sweep writes the metric, so silence is the failure
    }

    webhook-reconciliation = {
      of         = "webhook"
      text       = "Toss and the database differ about a day's payments: the lines of the log name each."
      above      = 0
      period_s   = 3600
      expression = "FILL(missing_here, 0) + FILL(missing_at_toss, 0) + FILL(different_amounts, 0)"
      label      = "differences"
      metrics    = { for difference in ["missing_here", "missing_at_toss", "different_amounts"] : difference => { name = "ReconciliationDifferences", more = { Difference = difference } } }
      missing    = "notBreaching" # the reconciliation runs once a day and writes the metric only for a difference
    }
  }
}
