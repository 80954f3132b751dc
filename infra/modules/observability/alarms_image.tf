locals {
  alarms_of_images = {
    # Objects, not invocations: of a queue or a batch job, failed objects are no error of the invocation.
    image-objects-failed = {
      of         = "image"
      text       = "More than ${var.thresholds.error_percent} % of the photographs fail for reasons that may pass."
      above      = var.thresholds.error_percent
      periods    = 2
      expression = "100 * failed / (failed + FILL(made, 0) + FILL(already_made, 0) + FILL(rejected, 0))"
      label      = "failed, % of objects"
      metrics = {
        failed       = { name = "Failed" }
        made         = { name = "Made" }
        already_made = { name = "AlreadyMade" }
        rejected     = { name = "Rejected" }
      }
      missing = "notBreaching" # without invocations there are no data points, and nothing failed
    }
  }
}
