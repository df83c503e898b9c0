{{/* What never changes while the model is served, to select its pods by. */}}
{{- define "model.selector" -}}
app.kubernetes.io/name: model
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "model.labels" -}}
{{ include "model.selector" . }}
app.kubernetes.io/part-of: stillhouse
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* Where it came from. */}}
{{- define "model.provenance" -}}
stillhouse/name: {{ .Values.name | quote }}
{{- range $what, $value := .Values.provenance }}
stillhouse/{{ $what }}: {{ $value | quote }}
{{- end }}
{{- end -}}
