{{/* Secrets of the runs' namespace: a given one's name, or that of the one made here; empty where there is none. */}}
{{- define "stillhouse.gitSecret" -}}
{{- $repository := .Values.pipelines.repository -}}
{{- $repository.credentialsSecret | default (ternary "stillhouse-git" "" (ne $repository.password "")) -}}
{{- end -}}

{{- define "stillhouse.s3Secret" -}}
{{ .Values.pipelines.s3.credentialsSecret | default "stillhouse-s3" }}
{{- end -}}

{{/* What the watcher and `stillhouse submit` read, as pipelines/cluster/settings.py knows it. */}}
{{- define "stillhouse.pipelineSettings" -}}
{{- $pipelines := .Values.pipelines -}}
{{- dict
  "runs" .Values.namespaces.runs
  "models" .Values.namespaces.models
  "pipeline" .Values.images.pipeline
  "serving" .Values.images.serving
  "repository" $pipelines.repository.url
  "branch" $pipelines.repository.branch
  "analyses" $pipelines.analyses
  "registry" $pipelines.registry.repository
  "insecure" $pipelines.registry.insecure
  "poll" $pipelines.poll
  "resources" (pick $pipelines.resources "step" "release" "record")
  "git_secret" (include "stillhouse.gitSecret" .)
  "may_push" (ne (include "stillhouse.gitSecret" .) "")
  "registry_secret" $pipelines.registry.credentialsSecret
  "pull_secrets" .Values.imagePullSecrets
  | toPrettyJson -}}
{{- end -}}

{{/* Argo's own containers in a run's pod, and the controller: like ours. */}}
{{- define "stillhouse.argoConfig" -}}
{{- $s3 := .Values.pipelines.s3 -}}
artifactRepository:
  archiveLogs: false
  s3:
    bucket: {{ $s3.bucket }}
    endpoint: {{ $s3.endpoint | trimPrefix "http://" | trimPrefix "https://" }}
    insecure: {{ hasPrefix "http://" $s3.endpoint }}
    {{- with $s3.region }}
    region: {{ . }}
    {{- end }}
    accessKeySecret: {name: {{ include "stillhouse.s3Secret" . }}, key: accessKey}
    secretKeySecret: {name: {{ include "stillhouse.s3Secret" . }}, key: secretKey}
executor:
  imagePullPolicy: IfNotPresent
  resources: {{- toYaml .Values.pipelines.resources.executor | nindent 4 }}
  securityContext: {{- include "stillhouse.containerSecurity" . | nindent 4 }}
# A commit that has run is known by its Workflow, so they are kept, up to some.
retentionPolicy: {completed: {{ .Values.pipelines.keep }}, failed: {{ .Values.pipelines.keep }}, errored: {{ .Values.pipelines.keep }}}
podGCDeleteDelayDuration: 10m
metricsConfig: {enabled: false}
telemetryConfig: {enabled: false}
{{- end -}}
