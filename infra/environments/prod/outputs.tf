output "platform" {
  description = "Everything that the guides refer to: functions, queues, URL, buckets, secrets to fill, records, what owners add."
  value       = module.platform
}
