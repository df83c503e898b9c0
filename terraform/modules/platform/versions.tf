terraform {
  required_version = ">= 1.9"

  required_providers {
    # Only what 1.3 and 3.x both understand is used here, so either will do: values, chart, wait, atomic, timeout.
    helm = {
      source  = "hashicorp/helm"
      version = ">= 1.3.2, < 4.0.0"
    }
  }
}
