output "namespaces" {
  description = "The four namespaces, for what comes after this."
  value       = var.namespaces
  depends_on  = [helm_release.namespaces]
}

output "proxy" {
  description = "The Service where browsers come in; reach it from here with: kubectl port-forward --namespace NAMESPACE service/NAME 8000:80"
  value       = { namespace = helm_release.stillhouse.namespace, name = "${helm_release.stillhouse.name}-proxy" }
}

output "keys_secret" {
  description = "The Secret in the hub's namespace with the password that was generated, where none was given."
  value       = var.hub.password_secret == "" ? "${helm_release.stillhouse.name}-keys" : var.hub.password_secret
}
