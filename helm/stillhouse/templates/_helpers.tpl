{{/* The start of every name: the release's. */}}
{{- define "stillhouse.fullname" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What never changes while a part lives, to select its pods by. Call: include "stillhouse.selector" (list $ "hub") */}}
{{- define "stillhouse.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: stillhouse
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* All labels of an object. Call: include "stillhouse.labels" (list $ "hub") */}}
{{- define "stillhouse.labels" -}}
{{- $root := index . 0 -}}
{{ include "stillhouse.selector" . }}
app.kubernetes.io/part-of: stillhouse
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end -}}

{{/* A pod's labels: without the chart's version, so that a new chart alone restarts nothing. */}}
{{- define "stillhouse.podLabels" -}}
{{ include "stillhouse.selector" . }}
app.kubernetes.io/part-of: stillhouse
{{- end -}}

{{/* A pod's securityContext that Pod Security `restricted` admits. */}}
{{- define "stillhouse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* And its containers'. */}}
{{- define "stillhouse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* imagePullSecrets of a pod, or nothing. */}}
{{- define "stillhouse.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* The Secret that the keys Job makes once, and nothing removes. */}}
{{- define "stillhouse.generatedSecret" -}}
{{ include "stillhouse.fullname" . }}-keys
{{- end -}}

{{/* The Secret with proxy-token and cookie-secret. */}}
{{- define "stillhouse.keysSecret" -}}
{{ .Values.hub.keysSecret | default (include "stillhouse.generatedSecret" .) }}
{{- end -}}

{{/* The names of what the Job has to generate: what nobody gave. */}}
{{- define "stillhouse.generatedKeys" -}}
{{- $keys := list -}}
{{- if not .Values.hub.keysSecret -}}
{{- $keys = concat $keys (list "proxy-token" "cookie-secret") -}}
{{- end -}}
{{- if not .Values.hub.passwordSecret -}}
{{- if not .Values.hub.password -}}{{- $keys = append $keys "password" -}}{{- end -}}
{{- if .Values.hub.admins -}}{{- $keys = append $keys "admin-password" -}}{{- end -}}
{{- end -}}
{{- join " " $keys -}}
{{- end -}}

{{/* A size (512Mi, 2Gi, 1Ti) in Mi, to compare it with another. */}}
{{- define "stillhouse.mebibytes" -}}
{{- $units := dict "Mi" 1 "Gi" 1024 "Ti" 1048576 -}}
{{- mul (trimSuffix "i" . | trimSuffix "M" | trimSuffix "G" | trimSuffix "T" | int64) (get $units (substr (int (sub (len .) 2)) (len .) .)) -}}
{{- end -}}
