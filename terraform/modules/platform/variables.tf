variable "charts" {
  description = "The folder with the charts `namespaces` and `stillhouse`; null: those of the checkout that this module is in."
  type        = string
  default     = null
}

variable "namespaces" {
  description = "What lives where. All four are made by helm/namespaces and enforce Pod Security `restricted`."
  type = object({
    hub    = optional(string, "stillhouse")
    users  = optional(string, "stillhouse-users")
    runs   = optional(string, "stillhouse-runs")
    models = optional(string, "stillhouse-models")
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(distinct(values(var.namespaces))) == 4
    error_message = "The four namespaces must be different ones: they keep people's code away from what releases it."
  }
}

variable "keep_namespaces" {
  description = "Leave the namespaces, with homes and served models, where they are when this is destroyed."
  type        = bool
  default     = true
}

variable "images" {
  description = "The images by digest, as `make images` writes them to .stillhouse/images.json."
  type = object({
    hub                = string
    proxy              = string
    singleuser         = string
    pipeline           = string
    serving            = string
    workflowController = string
    argoExecutor       = string
  })
  nullable = false

  validation {
    condition = alltrue([for image in values(var.images) : can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", image))])
    error_message = "Not by digest (registry/name@sha256:…): ${join(", ", [
      for name, image in var.images : name if !can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", image))
    ])}. A tag may mean another image tomorrow."
  }
}

variable "pools" {
  description = "The cluster's node pools; see modules/profiles."
  type        = any
  nullable    = false
}

variable "profiles" {
  description = "What a person may choose on the hub, each on one of the pools; see modules/profiles."
  type        = any
  nullable    = false
}

variable "hub" {
  description = <<-EOT
    Who may log in. trial: one password for everybody, which is all there is so far. password_secret: a Secret in the
    hub's namespace that holds it; empty: generated once, into the Secret `stillhouse-keys`.
  EOT
  type = object({
    trial           = bool
    admins          = optional(list(string), [])
    password_secret = optional(string, "")
  })
  nullable = false
}

variable "pipelines" {
  description = <<-EOT
    What is pushed to `repository` runs, is gated and released; null: a hub alone. Each *_secret is a Secret that is
    already there, as values.yaml of helm/stillhouse says; for a trial, `credentials` will do.
  EOT
  type = object({
    repository = object({
      url                = string
      branch             = optional(string, "main")
      credentials_secret = optional(string, "")
    })
    analyses = optional(list(string), ["whisky"])
    s3 = object({
      endpoint           = string
      bucket             = string
      region             = optional(string, "")
      credentials_secret = optional(string, "")
    })
    registry = object({
      repository         = string
      insecure           = optional(bool, false)
      credentials_secret = optional(string, "")
    })
  })
  default = null
}

variable "credentials" {
  description = "Accounts for the git server and the bucket, for a trial. Terraform's state holds them in the clear: keep it as safe as them."
  type = object({
    git = optional(object({ username = string, password = string }))
    s3  = optional(object({ access_key = string, secret_key = string }))
  })
  default   = {}
  nullable  = false
  sensitive = true

  validation {
    condition = (
      var.credentials.git == null || try(var.pipelines.repository.credentials_secret, "") == ""
      ) && (
      var.credentials.s3 == null || try(var.pipelines.s3.credentials_secret, "") == ""
    )
    error_message = "An account is given here and as a Secret too: give one of them."
  }
}

variable "values" {
  description = "More values for helm/stillhouse, each a YAML document, later ones over earlier ones. The chart refuses what it doesn't know."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for document in var.values : can(keys(yamldecode(document)))])
    error_message = "Each of `values` must be a YAML document with keys in it."
  }
}

variable "timeout" {
  description = "Seconds that the hub, its proxy and the pipelines may take to be ready; else the release is undone."
  type        = number
  default     = 300
}
