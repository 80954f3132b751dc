output "function" {
  description = "The outputs of modules/function."
  value       = module.function
}
