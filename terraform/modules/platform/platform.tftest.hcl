# What the two charts are given. No cluster, and none of the provider's doings: only its schema.

mock_provider "helm" {}

variables {
  images = {
    hub                = "registry.example.org/hub@sha256:1111111111111111111111111111111111111111111111111111111111111111"
    proxy              = "registry.example.org/proxy@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    singleuser         = "registry.example.org/singleuser@sha256:3333333333333333333333333333333333333333333333333333333333333333"
    pipeline           = "registry.example.org/pipeline@sha256:4444444444444444444444444444444444444444444444444444444444444444"
    serving            = "registry.example.org/serving@sha256:5555555555555555555555555555555555555555555555555555555555555555"
    workflowController = "registry.example.org/controller@sha256:6666666666666666666666666666666666666666666666666666666666666666"
    argoExecutor       = "registry.example.org/argoexec@sha256:7777777777777777777777777777777777777777777777777777777777777777"
  }
  pools = {
    cpu = { labels = { pool = "cpu" } }
    gpu = { labels = { pool = "gpu" }, taints = [{ key = "nvidia.com/gpu" }], gpu = { count = 1 } }
  }
  profiles = [
    {
      name   = "gpu", title = "GPU", description = "One GPU.", pool = "gpu", gpus = 1
      cpu    = { guarantee = 0.1, limit = 2 }
      memory = { guarantee = "512Mi", limit = "4Gi" }
    },
  ]
  hub = { trial = true }
  pipelines = {
    repository = { url = "https://git.example.org/whisky.git" }
    s3         = { endpoint = "https://s3.example.org", bucket = "runs", credentials_secret = "runs-bucket" }
    registry   = { repository = "registry.example.org/models" }
  }
}

run "the_namespaces_come_first_and_are_stored_outside_themselves" {
  command = plan

  assert {
    condition     = helm_release.namespaces.namespace == "default"
    error_message = "a release can't be stored in a namespace that it makes"
  }
  assert {
    condition = yamldecode(helm_release.namespaces.values[0]) == {
      namespaces = { hub = "stillhouse", users = "stillhouse-users", runs = "stillhouse-runs", models = "stillhouse-models" }
      keep       = true
    }
    error_message = "got ${helm_release.namespaces.values[0]}"
  }
}

run "the_hub_is_told_the_same_namespaces" {
  command = plan
  variables {
    namespaces = { hub = "lab", users = "lab-users", runs = "lab-runs", models = "lab-models" }
  }

  assert {
    condition     = helm_release.stillhouse.namespace == "lab"
    error_message = "the hub lives in the namespace named for it"
  }
  assert {
    condition = yamldecode(helm_release.stillhouse.values[0]).namespaces == {
      users = "lab-users", runs = "lab-runs", models = "lab-models"
    }
    error_message = "got ${helm_release.stillhouse.values[0]}"
  }
  assert {
    condition     = yamldecode(helm_release.namespaces.values[0]).namespaces.hub == "lab"
    error_message = "both charts are given the same names"
  }
}

run "a_profile_reaches_the_chart_with_its_pool_s_taints" {
  command = plan

  assert {
    condition = yamldecode(helm_release.stillhouse.values[0]).profiles == [
      {
        name         = "gpu", title = "GPU", description = "One GPU."
        cpu          = { guarantee = 0.1, limit = 2 }
        memory       = { guarantee = "512Mi", limit = "4Gi" }
        gpu          = { resource = "nvidia.com/gpu", count = 1 }
        nodeSelector = { pool = "gpu" }
        tolerations  = [{ key = "nvidia.com/gpu", effect = "NoSchedule", operator = "Exists" }]
      },
    ]
    error_message = "got ${helm_release.stillhouse.values[0]}"
  }
}

run "images_and_pipelines_reach_the_chart" {
  command = plan

  assert {
    condition     = yamldecode(helm_release.stillhouse.values[0]).images.hub == var.images.hub
    error_message = "the images are the ones given"
  }
  assert {
    condition     = yamldecode(helm_release.stillhouse.values[0]).pipelines.repository.url == "https://git.example.org/whisky.git"
    error_message = "the repository is the one given"
  }
  assert {
    condition     = helm_release.stillhouse.atomic && helm_release.stillhouse.wait
    error_message = "a release that isn't ready is undone"
  }
}

run "a_hub_alone_has_no_pipelines" {
  command = plan
  variables {
    pipelines = null
  }

  assert {
    condition     = !can(yamldecode(helm_release.stillhouse.values[0]).pipelines)
    error_message = "got ${helm_release.stillhouse.values[0]}"
  }
}

run "accounts_are_in_a_document_of_their_own_and_come_last" {
  command = plan
  variables {
    credentials = {
      git = { username = "watcher", password = "not in a plan" }
      s3  = { access_key = "runs", secret_key = "nor this" }
    }
    pipelines = merge(var.pipelines, { s3 = { endpoint = "https://s3.example.org", bucket = "runs" } })
    values    = ["pipelines: {poll: 5}"]
  }

  assert {
    condition     = issensitive(helm_release.stillhouse.values[2]) && !issensitive(helm_release.stillhouse.values[0])
    error_message = "only the accounts are hidden"
  }
  assert {
    condition = nonsensitive(yamldecode(helm_release.stillhouse.values[2])) == {
      pipelines = {
        repository = { username = "watcher", password = "not in a plan" }
        s3         = { accessKey = "runs", secretKey = "nor this" }
      }
    }
    error_message = "both accounts reach the chart"
  }
  assert {
    condition     = helm_release.stillhouse.values[1] == "pipelines: {poll: 5}"
    error_message = "one's own values come after the module's"
  }
}

run "a_changed_chart_is_a_change" {
  command = plan

  assert {
    condition     = can(regex("^chart contents [0-9a-f]{12}$", helm_release.stillhouse.description))
    error_message = "got ${helm_release.stillhouse.description}"
  }
  assert {
    condition     = helm_release.stillhouse.description != helm_release.namespaces.description
    error_message = "each chart has a digest of its own"
  }
}

run "an_image_by_tag_is_refused" {
  command = plan
  variables {
    images = merge(var.images, { hub = "registry.example.org/hub:latest" })
  }
  expect_failures = [var.images]
}

run "two_namespaces_in_one_are_refused" {
  command = plan
  variables {
    namespaces = { runs = "stillhouse-models" }
  }
  expect_failures = [var.namespaces]
}

run "an_account_given_twice_is_refused" {
  command = plan
  variables {
    credentials = { s3 = { access_key = "runs", secret_key = "here as well" } }
  }
  expect_failures = [var.credentials]
}

run "values_that_are_no_yaml_are_refused" {
  command = plan
  variables {
    values = ["just words"]
  }
  expect_failures = [var.values]
}
