# No provider is needed here, so that `terraform test` runs where no registry of providers can be reached.
terraform {
  required_version = ">= 1.9" # a variable's validation may look at another variable
}
