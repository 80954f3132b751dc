output "platform" {
  description = "Everything that the guides refer to: functions, queues, URL, buckets, secrets to fill, records, what owners add."
  value       = module.platform
}

output "deploy" {
  description = "What infra/deployment reads, from `terraform output -json`."
  value       = module.platform.deploy
}
