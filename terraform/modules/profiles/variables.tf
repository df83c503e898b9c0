variable "pools" {
  description = <<-EOT
    The cluster's node pools, by name: what a pod has to say to land on one (labels), what it has to put up with
    (taints), and the GPUs of one node. Whatever makes the pools hands over the same map, so it is written once.
  EOT
  type = map(object({
    labels = map(string)
    taints = optional(list(object({
      key    = string
      value  = optional(string)
      effect = optional(string, "NoSchedule")
    })), [])
    gpu = optional(object({
      resource = optional(string, "nvidia.com/gpu")
      count    = number
    }))
  }))
  nullable = false

  validation {
    condition     = alltrue([for pool in var.pools : length(pool.labels) > 0])
    error_message = "A pool without labels can't be chosen by a pod: give every pool one of its own."
  }
  validation {
    condition = alltrue(flatten([
      for pool in var.pools : [for taint in pool.taints : contains(["NoSchedule", "NoExecute"], taint.effect)]
    ]))
    error_message = "A taint's effect is NoSchedule or NoExecute: PreferNoSchedule keeps nobody off an expensive node."
  }
  validation {
    condition     = alltrue([for pool in var.pools : length(pool.taints) > 0 if pool.gpu != null])
    error_message = "A GPU pool needs a taint, or any pod may take its nodes."
  }
}

variable "profiles" {
  description = <<-EOT
    What a person may choose on the hub, in the order of its page. A profile names its pool; node selector,
    tolerations and GPU limit follow from that, so they can't disagree. cpu in cores, memory in bytes with a unit.
  EOT
  type = list(object({
    name        = string
    title       = string
    description = string
    pool        = string
    cpu         = object({ guarantee = number, limit = number })
    memory      = object({ guarantee = string, limit = string })
    gpus        = optional(number, 0)
    image       = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.profiles) > 0
    error_message = "Without a profile nobody can start a server: give at least one."
  }
  validation {
    condition     = length(distinct(var.profiles[*].name)) == length(var.profiles)
    error_message = "Two profiles have the same name: ${join(", ", var.profiles[*].name)}."
  }
  validation {
    condition = alltrue([for profile in var.profiles : contains(keys(var.pools), profile.pool)])
    error_message = "No such pool: ${join(", ", [
      for profile in var.profiles : "${profile.pool} (profile ${profile.name})"
      if !contains(keys(var.pools), profile.pool)
    ])}. There are: ${join(", ", keys(var.pools))}."
  }
  validation {
    condition = alltrue([
      for profile in var.profiles :
      profile.gpus >= 0 && profile.gpus <= try(var.pools[profile.pool].gpu.count, 0) && floor(profile.gpus) == profile.gpus
    ])
    error_message = "A profile asks for more GPUs than one node of its pool has (or for a part of one); its server would never start."
  }
  validation {
    condition = alltrue([
      for profile in var.profiles : profile.gpus > 0 if try(var.pools[profile.pool].gpu, null) != null
    ])
    error_message = "A profile on a GPU pool asks for no GPU: its servers would hold the expensive nodes for nothing."
  }
  validation {
    condition     = alltrue([for profile in var.profiles : profile.cpu.guarantee <= profile.cpu.limit])
    error_message = "A profile guarantees more cpu than it allows."
  }

  validation {
    condition = alltrue(flatten([
      for profile in var.profiles : [for size in values(profile.memory) : can(regex("^[1-9][0-9]*(Mi|Gi|Ti)$", size))]
    ]))
    error_message = "Memory is written with its unit, Mi, Gi or Ti: 512Mi."
  }
}
