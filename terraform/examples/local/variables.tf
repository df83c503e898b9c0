variable "cluster_file" {
  description = "What `make cluster` wrote of the cluster and its services: addresses and accounts."
  type        = string
  default     = "../../../.stillhouse/cluster.json"

  validation {
    condition     = fileexists(var.cluster_file)
    error_message = "There is no ${var.cluster_file}: make cluster."
  }
}

variable "images_file" {
  description = "What `make images` wrote: the images by digest."
  type        = string
  default     = "../../../.stillhouse/images.json"

  validation {
    condition     = fileexists(var.images_file)
    error_message = "There is no ${var.images_file}: make images."
  }
}

variable "repository" {
  description = "The repository on the cluster's git server whose commits run, are gated and released."
  type        = string
  default     = "demo"
}

variable "analyses" {
  description = "Folders in notebooks/ of that repository that run."
  type        = list(string)
  default     = ["whisky"]
}

variable "values" {
  description = "More values for helm/stillhouse, each a YAML document."
  type        = list(string)
  default     = []
}
