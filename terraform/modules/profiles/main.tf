# What the chart wants to know of each profile, worked out from its pool.
locals {
  profiles = [
    for profile in var.profiles : merge(
      {
        name         = profile.name
        title        = profile.title
        description  = profile.description
        cpu          = profile.cpu
        memory       = profile.memory
        nodeSelector = var.pools[profile.pool].labels
        tolerations = [
          for taint in var.pools[profile.pool].taints : merge(
            { key = taint.key, effect = taint.effect },
            taint.value == null ? { operator = "Exists" } : { operator = "Equal", value = taint.value },
          )
        ]
      },
      profile.gpus == 0 ? {} : { gpu = { resource = var.pools[profile.pool].gpu.resource, count = profile.gpus } },
      profile.image == null ? {} : { image = profile.image },
    )
  ]
}
