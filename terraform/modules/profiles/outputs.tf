output "profiles" {
  description = "The profiles as helm/stillhouse takes them, in the order given."
  value       = local.profiles
}
