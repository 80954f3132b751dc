# Saved queries of Logs Insights, by the question that infra/guides/on_call.md asks. Each runs over the log
# groups named; its fields are those that the functions write (infra/checks/observability.mjs), and
# tests/infra/test_queries.mjs runs each on lines of theirs. true is 1:
# https://github.com/aws-powertools/powertools-lambda-dotnet/issues/667
locals {
  log_groups = { for key, function in var.functions : key => function.log_group_name }

  queries = {
    "all/errors" = {
      keys  = keys(var.functions)
      query = <<-QUERY
        fields @timestamp, @log, message, reason, detail, requestId
        | filter level = "ERROR"
        | sort @timestamp desc
        | limit 100
      QUERY
    }
    "all/errors-by-reason" = {
      keys  = keys(var.functions)
      query = <<-QUERY
        filter level = "ERROR" or level = "WARN"
        | stats count(*) as lines by @log, level, message, reason
        | sort lines desc
        | limit 50
      QUERY
    }
    "all/one-request" = {
      keys  = keys(var.functions)
      query = <<-QUERY
        fields @timestamp, @log, level, message, reason, detail, durationMs
        | filter requestId = "PUT THE REQUEST ID HERE" or record.requestId = "PUT THE REQUEST ID HERE"
        | sort @timestamp asc
        | limit 1000
      QUERY
    }
    "all/errors-by-version" = {
      keys  = keys(var.functions)
      query = <<-QUERY
        filter ispresent(Failures)
        | parse @logStream "[*]" as version
        | stats sum(Failures) as failures, count(*) as invocations by FunctionName, version
        | sort failures desc
        | limit 50
      QUERY
    }
    "all/time-and-memory" = {
      keys  = keys(var.functions)
      query = <<-QUERY
        filter type = "platform.report"
        | stats count(*) as invocations, avg(record.metrics.durationMs) as average_ms, pct(record.metrics.durationMs, 99) as p99_ms, max(record.metrics.durationMs) as longest_ms, max(record.metrics.maxMemoryUsedMB) as memory_mb, max(record.metrics.initDurationMs) as init_ms by @log
        | sort longest_ms desc
      QUERY
    }
    "image/failed-objects" = {
      keys  = ["image"]
      query = <<-QUERY
        fields @timestamp, bucket, key, reason, detail, requestId
        | filter message = "failed"
        | sort @timestamp desc
        | limit 100
      QUERY
    }
    "image/rejects-by-reason" = {
      keys  = ["image"]
      query = <<-QUERY
        filter message = "rejected"
        | stats count(*) as objects, latest(key) as last_key by reason
        | sort objects desc
      QUERY
    }
    "image/one-object" = {
      keys  = ["image"]
      query = <<-QUERY
        fields @timestamp, message, reason, detail, durationMs, requestId
        | filter key = "uploads/PUT THE KEY HERE"
        | sort @timestamp asc
        | limit 100
      QUERY
    }
    "email/not-sent" = {
      keys  = ["email"]
      query = <<-QUERY
        fields @timestamp, message, reason, detail, template, id, messageId
        | filter message = "message refused" or message = "mail may have been sent" or message = "no mail can be sent now"
        | sort @timestamp desc
        | limit 100
      QUERY
    }
    "email/retries-by-reason" = {
      keys  = ["email"]
      query = <<-QUERY
        filter message = "mail is tried again later" or message = "no mail can be sent now"
        | stats count(*) as mails by reason, bin(5m)
        | sort mails desc
        | limit 200
      QUERY
    }
    "email/one-mail" = {
      keys  = ["email"]
      query = <<-QUERY
        fields @timestamp, message, event, template, id, sesMessageId, status, reason, detail
        | filter id = "PUT THE ID HERE" or sesMessageId = "OR THAT OF SES"
        | sort @timestamp asc
        | limit 100
      QUERY
    }
    "email/bounces-and-complaints" = {
      keys  = ["email"]
      query = <<-QUERY
        filter message = "mail event" and (event = "Bounce" or event = "Complaint")
        | stats count(*) as mails by event, template, bounceType, bounceSubType, feedbackType
        | sort mails desc
        | limit 100
      QUERY
    }
    "webhook/failed" = {
      keys  = ["webhook"]
      query = <<-QUERY
        fields @timestamp, sender, event, httpStatus, reason, detail, durationMs, requestId
        | filter message = "webhook" and httpStatus >= 500
        | sort @timestamp desc
        | limit 100
      QUERY
    }
    "webhook/refused-by-reason" = {
      keys  = ["webhook"]
      query = <<-QUERY
        filter message = "webhook" and httpStatus >= 400 and httpStatus < 500
        | stats count(*) as requests by httpStatus, reason, sender, event
        | sort requests desc
        | limit 100
      QUERY
    }
    "webhook/goods-and-money" = {
      keys  = ["webhook"]
      query = <<-QUERY
        fields @timestamp, sender, event, outcome, requestId
        | filter message = "webhook" and alarm = 1
        | sort @timestamp desc
        | limit 100
      QUERY
    }
    "webhook/slowest" = {
      keys  = ["webhook"]
      query = <<-QUERY
        fields @timestamp, sender, event, durationMs, connections, statements, roundTrips, retries, requestId
        | filter message = "webhook"
        | sort durationMs desc
        | limit 50
      QUERY
    }
    "settlement/runs" = {
      keys  = ["settlement"]
      query = <<-QUERY
        fields @timestamp, reportType, period, status, sellers, failed, open, openSellers, durationMs
        | filter message = "run"
        | sort @timestamp desc
        | limit 50
      QUERY
    }
    "settlement/sellers-not-settled" = {
      keys  = ["settlement"]
      query = <<-QUERY
        fields @timestamp, sellerId, outcome, reason, detail, requestId
        | filter message = "seller" and (outcome = "failed" or outcome = "later")
        | sort @timestamp desc
        | limit 200
      QUERY
    }
    "settlement/overdue" = {
      keys  = ["settlement"]
      query = <<-QUERY
        fields @timestamp, message, reportType, period, state, sellers, openSellers, daysLeft
        | filter message = "run overdue" or message = "certificates"
        | sort @timestamp desc
        | limit 50
      QUERY
    }
  }
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  name            = "${local.name}/${each.key}"
  log_group_names = [for key in each.value.keys : local.log_groups[key]]
  query_string    = each.value.query
}
