locals {
  alarms_of_settlements = merge({
    # The watchdog reports once a day, and its state stands until the next report. A watchdog that does not run is
    # the alarm watch-silent.
    settlement-overdue = {
      of       = "settlement"
      text     = "A settlement that was due at 09:00 KST is not done at 09:30."
      above    = 0
      period_s = 3600
      metric   = { name = "SettlementOverdue", statistic = "Maximum" }
      missing  = "ignore"
    }

    settlement-incomplete = {
      of      = "settlement"
      text    = "A settlement run ended with sellers that are not settled: the line run names them."
      above   = 0
      metric  = { name = "SettlementRuns", more = { Status = "incomplete" } }
      missing = "notBreaching" # it is written only when it happens, so silence is its zero
    }

    settlement-sellers-failed = {
      of      = "settlement"
      text    = "Sellers could not be settled for a reason of their own data: the lines seller name order and field."
      above   = 0
      metric  = { name = "SettlementSellersFailed" }
      missing = "notBreaching" # a run writes the metric once, at its end
    }

    settlement-differences = {
      of      = "settlement"
      text    = "Payments and settled lines differ: the check's object lists the orders."
      above   = 0
      metric  = { name = "SettlementDifferences" }
      missing = "notBreaching" # a check writes the metric, and checks are made by hand or once a month
    }

    settlement-certificate = {
      of       = "settlement"
      text     = "An authority in the bundle that the database's certificate is held against ends in less than ${var.thresholds.certificate_days} days: build and deploy with the new bundle."
      below    = var.thresholds.certificate_days
      period_s = 3600
      metric   = { name = "DatabaseCaDaysLeft", statistic = "Minimum" }
      missing  = "ignore" # the watchdog reports once a day, and its state stands until the next report
    }
    },
    # 26 periods and not 24: the hour of a report may be the one under way, which is still empty. At most seven
    # days (PutMetricAlarm, for periods of an hour or more).
    { for key in var.is_settlement_watched ? ["settlement"] : [] : "${key}-watch-silent" => {
      of               = key
      text             = "The settlement's watchdog, due at 09:30 KST, has not reported for 26 hours: nobody knows whether sellers are settled."
      below            = 1
      period_s         = 3600
      periods          = 26
      alarming_periods = 26
      metric           = { name = "SettlementOverdue", statistic = "SampleCount" }
      missing          = "breaching" # each report writes the metric, so silence is the failure
    } },
  )
}
