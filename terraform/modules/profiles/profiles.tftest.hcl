# A pod lands where its profile says, or the plan fails: never a server that hangs.

variables {
  pools = {
    cpu = { labels = { pool = "cpu" } }
    gpu = {
      labels = { pool = "gpu" }
      taints = [{ key = "nvidia.com/gpu", value = "present" }, { key = "dedicated" }]
      gpu    = { count = 2 }
    }
  }
  profiles = [
    {
      name   = "cpu", title = "CPU", description = "For exploring.", pool = "cpu"
      cpu    = { guarantee = 0.1, limit = 1 }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    },
    {
      name   = "gpu", title = "GPU", description = "For training.", pool = "gpu", gpus = 1
      cpu    = { guarantee = 0.1, limit = 1 }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    },
  ]
}

run "a_profile_follows_from_its_pool" {
  command = plan

  assert {
    condition     = output.profiles[0].nodeSelector == tomap({ pool = "cpu" })
    error_message = "the cpu profile chooses the cpu pool's label"
  }
  assert {
    condition     = length(output.profiles[0].tolerations) == 0 && !can(output.profiles[0].gpu)
    error_message = "the cpu profile tolerates nothing and asks for no GPU"
  }
  assert {
    condition     = output.profiles[1].gpu == { resource = "nvidia.com/gpu", count = 1 }
    error_message = "the gpu profile asks for one GPU by the pool's resource name"
  }
}

run "every_taint_of_the_pool_is_tolerated" {
  command = plan

  assert {
    condition = jsonencode(output.profiles[1].tolerations) == jsonencode([
      { key = "nvidia.com/gpu", effect = "NoSchedule", operator = "Equal", value = "present" },
      { key = "dedicated", effect = "NoSchedule", operator = "Exists" },
    ])
    error_message = "got ${jsonencode(output.profiles[1].tolerations)}"
  }
}

run "the_order_is_kept" {
  command = plan

  assert {
    condition     = jsonencode(output.profiles[*].name) == jsonencode(["cpu", "gpu"])
    error_message = "the page shows the profiles as they were given"
  }
}

run "an_unknown_pool_is_refused" {
  command = plan
  variables {
    pools = { cpu = { labels = { pool = "cpu" } } }
  }
  expect_failures = [var.profiles]
}

run "more_gpus_than_a_node_has_are_refused" {
  command = plan
  variables {
    pools = {
      cpu = { labels = { pool = "cpu" } }
      gpu = { labels = { pool = "gpu" }, taints = [{ key = "nvidia.com/gpu" }], gpu = { count = 0 } }
    }
  }
  expect_failures = [var.profiles]
}

run "a_gpu_pool_for_a_profile_without_gpu_is_refused" {
  command = plan
  variables {
    profiles = [{
      name   = "idle", title = "Idle", description = "Holds a GPU node for nothing.", pool = "gpu"
      cpu    = { guarantee = 0.1, limit = 1 }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    }]
  }
  expect_failures = [var.profiles]
}

run "a_gpu_on_a_pool_without_any_is_refused" {
  command = plan
  variables {
    profiles = [{
      name   = "dream", title = "Dream", description = "There is none here.", pool = "cpu", gpus = 1
      cpu    = { guarantee = 0.1, limit = 1 }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    }]
  }
  expect_failures = [var.profiles]
}

run "the_same_name_twice_is_refused" {
  command = plan
  variables {
    profiles = [
      for title in ["One", "Other"] : {
        name   = "cpu", title = title, description = "The same name.", pool = "cpu"
        cpu    = { guarantee = 0.1, limit = 1 }
        memory = { guarantee = "256Mi", limit = "1Gi" }
      }
    ]
  }
  expect_failures = [var.profiles]
}

run "more_guaranteed_than_allowed_is_refused" {
  command = plan
  variables {
    profiles = [{
      name   = "cpu", title = "CPU", description = "Upside down.", pool = "cpu"
      cpu    = { guarantee = 2, limit = 1 }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    }]
  }
  expect_failures = [var.profiles]
}

run "a_gpu_pool_open_to_all_is_refused" {
  command = plan
  variables {
    pools = { gpu = { labels = { pool = "gpu" }, gpu = { count = 1 } } }
    profiles = [{
      name   = "gpu", title = "GPU", description = "For training.", pool = "gpu", gpus = 1
      cpu    = { guarantee = 0.1, limit = 1 }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    }]
  }
  expect_failures = [var.pools]
}

run "a_pool_that_cannot_be_chosen_is_refused" {
  command = plan
  variables {
    pools = {
      cpu = { labels = {} }
      gpu = { labels = { pool = "gpu" }, taints = [{ key = "nvidia.com/gpu" }], gpu = { count = 1 } }
    }
  }
  expect_failures = [var.pools]
}

run "a_taint_that_keeps_nobody_off_is_refused" {
  command = plan
  variables {
    pools = {
      cpu = { labels = { pool = "cpu" } }
      gpu = {
        labels = { pool = "gpu" }
        taints = [{ key = "nvidia.com/gpu", effect = "PreferNoSchedule" }]
        gpu    = { count = 1 }
      }
    }
  }
  expect_failures = [var.pools]
}

run "memory_without_a_unit_is_refused" {
  command = plan
  variables {
    profiles = [{
      name   = "cpu", title = "CPU", description = "How much?", pool = "cpu"
      cpu    = { guarantee = 1, limit = 1 }
      memory = { guarantee = "256", limit = "1Gi" }
    }]
  }
  expect_failures = [var.profiles]
}
