locals {
  alarms_of_functions = merge(
    # The contracted alarm: the error rate over two periods of 300 s.
    { for key, function in var.functions : "${key}-error-rate" => {
      of         = key
      text       = "More than ${var.thresholds.error_percent} % of the invocations of ${function.function_name} fail."
      above      = var.thresholds.error_percent
      periods    = 2
      expression = "100 * errors / invocations"
      label      = "errors, % of invocations"
      metrics = {
        errors      = { namespace = "AWS/Lambda", name = "Errors" }
        invocations = { namespace = "AWS/Lambda", name = "Invocations" }
      }
      missing = "notBreaching" # without invocations there are no data points, and nothing failed
    } },
    # Lambda counts a throttled invocation neither as an invocation nor as an error; of a queue it counts as a
    # receive of each message.
    { for key, function in var.functions : "${key}-throttles" => {
      of               = key
      text             = "Lambda refuses invocations of ${function.function_name}: no concurrency is left."
      above            = var.thresholds.throttles
      periods          = 3
      alarming_periods = 2
      metric           = { namespace = "AWS/Lambda", name = "Throttles" }
      missing          = "notBreaching" # it is written only when it happens, so silence is its zero
    } },
    { for key, function in var.functions : "${key}-duration" => {
      of               = key
      text             = "An invocation of ${function.function_name} takes more than ${var.thresholds.duration_percent_of_timeout} % of its ${function.timeout_s} s."
      above            = function.timeout_s * 10 * var.thresholds.duration_percent_of_timeout
      periods          = 3
      alarming_periods = 2
      metric           = { namespace = "AWS/Lambda", name = "Duration", statistic = "Maximum" }
      missing          = "notBreaching" # without invocations there are no data points, and nothing failed
    } },
    # Asynchronous events (S3, schedules, SNS) that are gone: too old, or without a place in the on-failure
    # queue. None of it is an error of the function.
    { for key, function in var.functions : "${key}-events-lost" => {
      of         = key
      text       = "Lambda gave up events of ${function.function_name} or could not deliver them to the on-failure queue."
      above      = 0
      expression = "FILL(dropped, 0) + FILL(undelivered, 0)"
      label      = "events lost"
      metrics = {
        dropped     = { namespace = "AWS/Lambda", name = "AsyncEventsDropped" }
        undelivered = { namespace = "AWS/Lambda", name = "DestinationDeliveryFailures" }
      }
      missing = "notBreaching" # they are written only when it happens, so silence is their zero
    } },
  )
}
