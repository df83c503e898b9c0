# The platform on a cluster that is there: its namespaces, then the hub, its proxy and the pipelines.
# The provider is the caller's: it is set up by KUBECONFIG and KUBE_CONFIG_PATH, which every version of it reads.

module "profiles" {
  source   = "../profiles"
  pools    = var.pools
  profiles = var.profiles
}

locals {
  charts = coalesce(var.charts, "${path.module}/../../../helm")

  # A changed chart of the same version is a change too; helm keeps this line in the release's history.
  contents = {
    for chart in ["namespaces", "stillhouse"] : chart => substr(sha256(join("", [
      for file in sort(fileset("${local.charts}/${chart}", "**")) : "${file} ${filesha256("${local.charts}/${chart}/${file}")}"
    ])), 0, 12)
  }

  pipelines = var.pipelines == null ? {} : {
    pipelines = {
      repository = {
        url               = var.pipelines.repository.url
        branch            = var.pipelines.repository.branch
        credentialsSecret = var.pipelines.repository.credentials_secret
      }
      analyses = var.pipelines.analyses
      s3 = {
        endpoint          = var.pipelines.s3.endpoint
        bucket            = var.pipelines.s3.bucket
        region            = var.pipelines.s3.region
        credentialsSecret = var.pipelines.s3.credentials_secret
      }
      registry = {
        repository        = var.pipelines.registry.repository
        insecure          = var.pipelines.registry.insecure
        credentialsSecret = var.pipelines.registry.credentials_secret
      }
    }
  }

  # In a document of their own: everything else stays readable in a plan.
  credentials = {
    pipelines = merge(
      var.credentials.git == null ? {} : { repository = var.credentials.git },
      var.credentials.s3 == null ? {} : {
        s3 = { accessKey = var.credentials.s3.access_key, secretKey = var.credentials.s3.secret_key }
      },
    )
  }
}

resource "helm_release" "namespaces" {
  name        = "namespaces"
  namespace   = "default" # it can't be stored in a namespace that it makes
  chart       = "${local.charts}/namespaces"
  description = "chart contents ${local.contents["namespaces"]}"
  wait        = true
  timeout     = 60
  values      = [yamlencode({ namespaces = var.namespaces, keep = var.keep_namespaces })]
}

resource "helm_release" "stillhouse" {
  name        = "stillhouse"
  namespace   = var.namespaces.hub
  chart       = "${local.charts}/stillhouse"
  description = "chart contents ${local.contents["stillhouse"]}"
  # A release that isn't ready in time is undone, and what ran before it runs on.
  atomic      = true
  wait        = true
  timeout     = var.timeout
  max_history = 10

  values = concat(
    [
      yamlencode(merge(
        {
          images = var.images
          namespaces = {
            users  = var.namespaces.users
            runs   = var.namespaces.runs
            models = var.namespaces.models
          }
          hub = {
            trial          = var.hub.trial
            admins         = var.hub.admins
            passwordSecret = var.hub.password_secret
          }
          profiles = module.profiles.profiles
        },
        local.pipelines,
      )),
    ],
    var.values,
    [yamlencode(local.credentials)],
  )

  depends_on = [helm_release.namespaces]
}
