terraform {
  required_version = ">= 1.9"

  # Beside this file, or where `terraform init -backend-config=path=…` says.
  backend "local" {}

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 1.3.2, < 4.0.0"
    }
  }
}
