# The dashboard answers questions from top to bottom: what is wrong now, then each function by what people
# notice, then money, capacity and cost. A row is a height and widgets, placed from left to right on the 24
# columns of a dashboard.
locals {
  region = data.aws_region.current.region
  f      = { for key, function in var.functions : key => function.function_name }
  url    = ["Resource", "${var.functions.webhook.function_name}:${var.functions.webhook.alias}"]

  text_head = <<-TEXT
    # ${local.name}
    Read from top to bottom: the first question whose graph is over its red line is where to start. Every alarm names its section of the [guide](${local.guide}), which has the saved queries to run ([by symptom](${local.guide}#by-symptom)). Times are of your browser; settlements are due at 09:00 KST = 00:00 UTC.
  TEXT

  titles = {
    users      = "## Do senders of webhooks get their 200, and is what they tell us stored? · [guide](${local.guide}#http-5xx)"
    image      = "## Do photographs become pictures? · [guide](${local.guide}#objects-failed)"
    mail       = "## Do mails go out, and are they wanted? · [guide](${local.guide}#mail-failures)"
    settlement = "## Are sellers settled, and does the money agree? · [guide](${local.guide}#overdue)"
    queues     = "## Does anything wait or lie? · [guide](${local.guide}#dead-letters)"
    capacity   = "## Is there room: time, concurrency, starts? · [guide](${local.guide}#duration)"
  }
  title_rows = { for key, title in local.titles : key => {
    height  = 1
    widgets = [{ type = "text", width = 24, properties = { markdown = title } }]
  } }

  lines = { for name, value in {
    errors   = { label = "alarm", value = var.thresholds.error_percent }
    bounce   = { label = "alarm; SES reviews at 5 %", value = var.thresholds.bounce_percent }
    complain = { label = "alarm; SES reviews at 0.1 %", value = var.thresholds.complaint_percent }
    outbox   = { label = "alarm", value = var.thresholds.outbox_age_s }
    mail_age = { label = "alarm", value = var.thresholds.mail_age_s }
    duration = { label = "alarm", value = var.thresholds.duration_percent_of_timeout }
    any      = { label = "alarm", value = 1 }
    days     = { label = "alarm", value = var.thresholds.certificate_days }
    signed   = { label = "alarm", value = var.thresholds.bad_signature_percent }
  } : name => { horizontal = [merge(value, { color = "#d13212" })] } }

  rows = [
    { height = 2, widgets = [{ type = "text", width = 24, properties = { markdown = local.text_head } }] },
    { height = 5, widgets = [{ type = "alarm", width = 24, properties = { title = "Is anything wrong now?", alarms = [for key, alarm in local.alarms : aws_cloudwatch_metric_alarm.this[key].arn if !lookup(alarm, "is_canary", false)], sortBy = "stateUpdatedTimestamp" } }] },

    local.title_rows.users,
    { height = 6, widgets = [
      { type = "metric", width = 8, properties = { title = "5xx, % of requests", region = local.region, period = 300, view = "timeSeries", annotations = local.lines.errors, yAxis = { left = { min = 0 } }, metrics = [
        [{ expression = "100 * failed / requests", label = "5xx, %", id = "value" }],
        concat(["AWS/Lambda", "Url5xxCount", "FunctionName", local.f.webhook], local.url, [{ id = "failed", stat = "Sum", visible = false }]),
        concat(["AWS/Lambda", "UrlRequestCount", "FunctionName", local.f.webhook], local.url, [{ id = "requests", stat = "Sum", visible = false }]),
      ] } },
      { type = "metric", width = 8, properties = { title = "Response time, ms (a response is due within 8,000)", region = local.region, period = 300, view = "timeSeries", yAxis = { left = { min = 0 } }, metrics = [
        [var.namespace, "ResponseTime", "FunctionName", local.f.webhook, { stat = "p50", label = "p50" }],
        [var.namespace, "ResponseTime", "FunctionName", local.f.webhook, { stat = "p99", label = "p99" }],
        [var.namespace, "ResponseTime", "FunctionName", local.f.webhook, { stat = "Maximum", label = "longest" }],
      ] } },
      { type = "metric", width = 8, properties = { title = "Refused signatures, % of requests", region = local.region, period = 300, view = "timeSeries", annotations = local.lines.signed, yAxis = { left = { min = 0 } }, metrics = [
        [{ expression = "100 * FILL(refused, 0) / requests", label = "refused, %", id = "value" }],
        [var.namespace, "SignaturesRefused", "FunctionName", local.f.webhook, { id = "refused", stat = "Sum", visible = false }],
        concat(["AWS/Lambda", "UrlRequestCount", "FunctionName", local.f.webhook], local.url, [{ id = "requests", stat = "Sum", visible = false }]),
      ] } },
    ] },

    local.title_rows.image,
    { height = 6, widgets = [
      { type = "metric", width = 8, properties = { title = "Photographs", region = local.region, period = 300, stat = "Sum", view = "timeSeries", stacked = true, metrics = [
        [var.namespace, "Made", "FunctionName", local.f.image, { color = "#1d8102" }],
        [var.namespace, "AlreadyMade", "FunctionName", local.f.image],
        [var.namespace, "Rejected", "FunctionName", local.f.image, { color = "#ff9900" }],
        [var.namespace, "Failed", "FunctionName", local.f.image, { color = "#d13212" }],
      ] } },
      { type = "metric", width = 8, properties = { title = "Errors, % of invocations", region = local.region, period = 300, view = "timeSeries", annotations = local.lines.errors, yAxis = { left = { min = 0 } }, metrics = [
        [{ expression = "100 * errors / invocations", label = "errors, %", id = "value" }],
        ["AWS/Lambda", "Errors", "FunctionName", local.f.image, { id = "errors", stat = "Sum", visible = false }],
        ["AWS/Lambda", "Invocations", "FunctionName", local.f.image, { id = "invocations", stat = "Sum", visible = false }],
      ] } },
      { type = "metric", width = 8, properties = { title = "Where the time goes, ms (p90)", region = local.region, period = 300, stat = "p90", view = "timeSeries", metrics = [
        [var.namespace, "DownloadTime", "FunctionName", local.f.image],
        [var.namespace, "TransformTime", "FunctionName", local.f.image],
        [var.namespace, "WriteTime", "FunctionName", local.f.image],
        [var.namespace, "CheckTime", "FunctionName", local.f.image],
      ] } },
    ] },

    local.title_rows.mail,
    { height = 6, widgets = [
      { type = "metric", width = 8, properties = { title = "Mails", region = local.region, period = 300, stat = "Sum", view = "timeSeries", stacked = true, metrics = [
        [var.namespace, "MailsSent", "FunctionName", local.f.email, { color = "#1d8102" }],
        [var.namespace, "MailsRetried", "FunctionName", local.f.email],
        [var.namespace, "ThrottledBySes", "FunctionName", local.f.email],
        [var.namespace, "MailsUnavailable", "FunctionName", local.f.email, { color = "#ff9900" }],
        [var.namespace, "MailsRefused", "FunctionName", local.f.email, { color = "#d13212" }],
        [var.namespace, "MailsUnknown", "FunctionName", local.f.email, { color = "#7d2105" }],
      ] } },
      { type = "metric", width = 8, properties = { title = "Bounces, % of a day's mails", region = local.region, period = 86400, view = "timeSeries", annotations = local.lines.bounce, yAxis = { left = { min = 0 } }, metrics = [
        [{ expression = "100 * FILL(bounced, 0) / sent", label = "bounces, %", id = "value" }],
        [var.namespace, "MailsBounced", "FunctionName", local.f.email, { id = "bounced", stat = "Sum", visible = false }],
        [var.namespace, "MailsSent", "FunctionName", local.f.email, { id = "sent", stat = "Sum", visible = false }],
      ] } },
      { type = "metric", width = 8, properties = { title = "Complaints, % of a day's mails", region = local.region, period = 86400, view = "timeSeries", annotations = local.lines.complain, yAxis = { left = { min = 0 } }, metrics = [
        [{ expression = "100 * FILL(complained, 0) / sent", label = "complaints, %", id = "value" }],
        [var.namespace, "MailsComplained", "FunctionName", local.f.email, { id = "complained", stat = "Sum", visible = false }],
        [var.namespace, "MailsSent", "FunctionName", local.f.email, { id = "sent", stat = "Sum", visible = false }],
      ] } },
    ] },

    local.title_rows.settlement,
    { height = 6, widgets = [
      { type = "metric", width = 6, properties = { title = "Runs that are overdue at 09:30 KST", region = local.region, period = 3600, stat = "Maximum", view = "timeSeries", annotations = local.lines.any, yAxis = { left = { min = 0 } }, metrics = [
        [var.namespace, "SettlementOverdue", "FunctionName", local.f.settlement],
      ] } },
      { type = "metric", width = 6, properties = { title = "Sellers of a run", region = local.region, period = 3600, stat = "Sum", view = "timeSeries", metrics = [
        [var.namespace, "SettlementSellers", "FunctionName", local.f.settlement],
        [var.namespace, "SettlementSellersFailed", "FunctionName", local.f.settlement, { color = "#d13212" }],
        [var.namespace, "SettlementSellersOpen", "FunctionName", local.f.settlement, { color = "#ff9900" }],
      ] } },
      { type = "metric", width = 6, properties = { title = "Money and goods that disagree", region = local.region, period = 3600, stat = "Sum", view = "timeSeries", annotations = local.lines.any, yAxis = { left = { min = 0 } }, metrics = [
        [var.namespace, "Alarms", "FunctionName", local.f.webhook, { label = "goods on their way" }],
        [var.namespace, "ReconciliationDifferences", "FunctionName", local.f.webhook, "Difference", "missing_here"],
        [var.namespace, "ReconciliationDifferences", "FunctionName", local.f.webhook, "Difference", "missing_at_toss"],
        [var.namespace, "ReconciliationDifferences", "FunctionName", local.f.webhook, "Difference", "different_amounts"],
        [var.namespace, "SettlementDifferences", "FunctionName", local.f.settlement],
      ] } },
      { type = "metric", width = 6, properties = { title = "Days until an authority of the database ends", region = local.region, period = 86400, stat = "Minimum", view = "timeSeries", annotations = local.lines.days, yAxis = { left = { min = 0 } }, metrics = [
        [var.namespace, "DatabaseCaDaysLeft", "FunctionName", local.f.settlement],
      ] } },
    ] },

    local.title_rows.queues,
    { height = 6, widgets = [
      { type = "metric", width = 8, properties = { title = "Dead letters", region = local.region, period = 300, stat = "Maximum", view = "timeSeries", annotations = local.lines.any, yAxis = { left = { min = 0 } }, metrics = [
        for key, name in local.all_dead_letter_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, { label = key }]
      ] } },
      { type = "metric", width = 8, properties = { title = "Age of the oldest message, s", region = local.region, period = 300, stat = "Maximum", view = "timeSeries", annotations = local.lines.mail_age, yAxis = { left = { min = 0 } }, metrics = [
        for key, queue in var.queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name, { label = key }]
      ] } },
      { type = "metric", width = 8, properties = { title = "Outbox: oldest mail, s", region = local.region, period = 300, stat = "Maximum", view = "timeSeries", annotations = local.lines.outbox, yAxis = { left = { min = 0 } }, metrics = [
        [var.namespace, "OutboxOldestSeconds", "FunctionName", local.f.webhook],
        [var.namespace, "OutboxLeft", "FunctionName", local.f.webhook, { yAxis = "right" }],
      ] } },
    ] },

    local.title_rows.capacity,
    { height = 6, widgets = [
      { type = "metric", width = 6, properties = { title = "Longest invocation, % of the timeout", region = local.region, period = 300, view = "timeSeries", annotations = local.lines.duration, yAxis = { left = { min = 0 } }, metrics = concat(
        [for key, function in var.functions : [{ expression = "${key} / ${function.timeout_s * 10}", label = key, id = "${key}_share" }]],
        [for key, function in var.functions : ["AWS/Lambda", "Duration", "FunctionName", function.function_name, { id = key, stat = "Maximum", visible = false }]],
      ) } },
      { type = "metric", width = 6, properties = { title = "Environments at work", region = local.region, period = 300, stat = "Maximum", view = "timeSeries", metrics = [
        for key, function in var.functions : ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", function.function_name, { label = key }]
      ] } },
      { type = "metric", width = 6, properties = { title = "Throttled invocations", region = local.region, period = 300, stat = "Sum", view = "timeSeries", annotations = local.lines.any, yAxis = { left = { min = 0 } }, metrics = [
        for key, function in var.functions : ["AWS/Lambda", "Throttles", "FunctionName", function.function_name, { label = key }]
      ] } },
      { type = "metric", width = 6, properties = { title = "Cold starts", region = local.region, period = 300, stat = "Sum", view = "timeSeries", metrics = [
        for key, function in var.functions : [var.namespace, "ColdStarts", "FunctionName", function.function_name, { label = key }]
      ] } },
    ] },
  ]

  heights = [for row in local.rows : row.height]
  tops    = [for i, row in local.rows : i == 0 ? 0 : sum(slice(local.heights, 0, i))]
  lefts   = [for row in local.rows : [for j, widget in row.widgets : j == 0 ? 0 : sum([for before in slice(row.widgets, 0, j) : before.width])]]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    start          = "-PT24H"
    periodOverride = "inherit"
    widgets = flatten([for i, row in local.rows : [for j, widget in row.widgets : merge(widget, {
      x      = local.lefts[i][j]
      y      = local.tops[i]
      height = row.height
    })]])
  })
}
