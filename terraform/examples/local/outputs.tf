output "login" {
  description = "How to get to the login page."
  value       = "kubectl port-forward --namespace ${module.platform.proxy.namespace} service/${module.platform.proxy.name} 8000:80"
}

output "password" {
  description = "How to see the password, which was generated on the cluster and is not in Terraform's state."
  value       = "kubectl get secret --namespace ${module.platform.namespaces.hub} ${module.platform.keys_secret} --template '{{.data.password | base64decode}}'"
}

output "namespaces" {
  description = "What lives where."
  value       = module.platform.namespaces
}
