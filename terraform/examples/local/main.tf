# The whole platform on the cluster that `make cluster` made (or found): one apply, no account anywhere.

provider "helm" {} # by KUBECONFIG and KUBE_CONFIG_PATH

locals {
  cluster = jsondecode(file(var.cluster_file))
  images  = jsondecode(file(var.images_file))
}

module "platform" {
  source = "../../modules/platform"

  images = {
    hub                = local.images.hub
    proxy              = local.images.proxy
    singleuser         = local.images.singleuser
    pipeline           = local.images.pipeline
    serving            = local.images.serving
    workflowController = local.cluster.argo.controller
    argoExecutor       = local.cluster.argo.executor
  }

  # The test cluster's two nodes. The second one only says that it has a GPU, and is guarded like one that has.
  pools = {
    cpu = { labels = { pool = "cpu" } }
    gpu = {
      labels = { pool = "gpu" }
      taints = [{ key = "nvidia.com/gpu" }]
      gpu    = { count = 1 }
    }
  }

  profiles = [
    {
      name        = "cpu"
      title       = "CPU"
      description = "For notebooks, tests and small models."
      pool        = "cpu"
      cpu         = { guarantee = 0.1, limit = 2 }
      memory      = { guarantee = "512Mi", limit = "2Gi" }
    },
    {
      name        = "gpu"
      title       = "GPU"
      description = "One GPU of your own, until you stop the server."
      pool        = "gpu"
      cpu         = { guarantee = 0.1, limit = 2 }
      memory      = { guarantee = "512Mi", limit = "4Gi" }
      gpus        = 1
    },
  ]

  hub = { trial = true }

  pipelines = {
    repository = { url = "${local.cluster.git.url}/${var.repository}.git" }
    analyses   = var.analyses
    s3         = { endpoint = local.cluster.s3.endpoint, bucket = local.cluster.s3.bucket }
    registry   = { repository = "${local.cluster.registry.pull}/stillhouse/models", insecure = true }
  }

  credentials = {
    git = { username = local.cluster.git.user, password = local.cluster.git.password }
    s3  = { access_key = local.cluster.s3.access_key, secret_key = local.cluster.s3.secret_key }
  }

  values = var.values
}
