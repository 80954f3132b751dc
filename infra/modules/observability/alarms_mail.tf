locals {
  alarms_of_mails = {
    # A batch that fails in part is a success to Lambda: these are the messages that it reported to retry, less
    # those that SES asked to wait.
    email-mail-failures = {
      of         = "email"
      text       = "More than ${var.thresholds.error_percent} % of the mails come back to their queue for another reason than SES's rate."
      above      = var.thresholds.error_percent
      periods    = 2
      expression = "100 * (FILL(retried, 0) + FILL(unavailable, 0) - FILL(throttled, 0)) / (FILL(sent, 0) + FILL(retried, 0) + FILL(unavailable, 0))"
      label      = "come back, % of mails"
      metrics = {
        sent        = { name = "MailsSent" }
        retried     = { name = "MailsRetried" }
        unavailable = { name = "MailsUnavailable" }
        throttled   = { name = "ThrottledBySes" }
      }
      missing = "notBreaching" # without invocations there are no data points, and nothing failed
    }

    email-mail-unknown = {
      of      = "email"
      text    = "Whether a mail went out is unknown: a person decides whether it is sent again."
      above   = 0
      metric  = { name = "MailsUnknown" }
      missing = "notBreaching" # it is written only when it happens, so silence is its zero
    }

    email-mail-refused = {
      of      = "email"
      text    = "Messages were refused, so a producer writes what no mail can be made of."
      above   = 0
      metric  = { name = "MailsRefused" }
      missing = "notBreaching" # it is written only when it happens, so silence is its zero
    }

    email-mail-records = {
      of         = "email"
      text       = "A sent mail could not be recorded, or a message could not be put into the dead-letter queue."
      above      = 0
      expression = "FILL(incomplete, 0) + FILL(undelivered, 0)"
      label      = "records and dead letters"
      metrics = {
        incomplete  = { name = "RecordIncomplete" }
        undelivered = { name = "DeadLettersFailed" }
      }
      missing = "notBreaching" # they are written only when it happens, so silence is their zero
    }

    email-bounce-rate = {
      of         = "email"
      text       = "More than ${var.thresholds.bounce_percent} % of a day's mails bounce; SES reviews the account at 5 %."
      above      = var.thresholds.bounce_percent
      period_s   = 86400
      expression = "IF(sent > ${var.thresholds.mail_least}, 100 * FILL(bounced, 0) / sent, 0)"
      label      = "bounces, % of mails"
      metrics = {
        sent    = { name = "MailsSent" }
        bounced = { name = "MailsBounced" }
      }
      missing = "notBreaching" # a day without mails has no rate
    }

    email-complaint-rate = {
      of         = "email"
      text       = "More than ${var.thresholds.complaint_percent} % of a day's mails are reported as spam; SES reviews the account at 0.1 %."
      above      = var.thresholds.complaint_percent
      period_s   = 86400
      expression = "IF(sent > ${var.thresholds.mail_least}, 100 * FILL(complained, 0) / sent, 0)"
      label      = "complaints, % of mails"
      metrics = {
        sent       = { name = "MailsSent" }
        complained = { name = "MailsComplained" }
      }
      missing = "notBreaching" # a day without mails has no rate
    }

    # SES's own rates, over the mails that it takes as representative, of everything that the account sends. It
    # writes them only as mails are sent; the last one stands until there is another.
    ses-account-bounce-rate = {
      of       = "ses"
      text     = "SES counts more than ${var.thresholds.bounce_percent} % of bounces for the whole account; at 5 % it reviews it."
      above    = var.thresholds.bounce_percent / 100
      period_s = 3600
      metric   = { namespace = "AWS/SES", name = "Reputation.BounceRate", statistic = "Average" }
      missing  = "ignore"
    }

    ses-account-complaint-rate = {
      of       = "ses"
      text     = "SES counts more than ${var.thresholds.complaint_percent} % of complaints for the whole account; at 0.1 % it reviews it."
      above    = var.thresholds.complaint_percent / 100
      period_s = 3600
      metric   = { namespace = "AWS/SES", name = "Reputation.ComplaintRate", statistic = "Average" }
      missing  = "ignore"
    }
  }
}
