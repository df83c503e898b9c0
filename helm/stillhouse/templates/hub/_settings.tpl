{{/* The hub's settings. A name without `svc` is found by fewer questions to the DNS. */}}
{{- define "stillhouse.hubSettings" -}}
network:
  hubUrl: http://{{ include "stillhouse.fullname" . }}-hub.{{ .Release.Namespace }}:8081
  proxyApi: http://{{ include "stillhouse.fullname" . }}-proxy-api.{{ .Release.Namespace }}:8001
auth:
  trial: {{ .Values.hub.trial }}
  admins: {{ toJson .Values.hub.admins }}
database:
  url: sqlite:////srv/stillhouse/hub.sqlite
servers:
  namespace: {{ .Values.namespaces.users }}
  image: {{ .Values.images.singleuser }}
  imagePullSecrets: {{ toJson .Values.imagePullSecrets }}
  startTimeout: {{ .Values.servers.startTimeout }}
  environment: {{ toJson .Values.servers.environment }}
  labels: {app.kubernetes.io/instance: {{ .Release.Name }}, app.kubernetes.io/part-of: stillhouse}
homes:
  {{- toYaml .Values.homes | nindent 2 }}
profiles:
  {{- toYaml .Values.profiles | nindent 2 }}
{{- end -}}
