{{/* Where the hub finds each of its keys: given ones in their Secrets, the others in the generated one. */}}
{{- define "stillhouse.keySources" -}}
- secret:
    name: {{ include "stillhouse.keysSecret" . }}
    items:
      - {key: proxy-token, path: proxy-token}
      - {key: cookie-secret, path: cookie-secret}
- secret:
    {{- if .Values.hub.passwordSecret }}
    name: {{ .Values.hub.passwordSecret }}
    {{- else if .Values.hub.password }}
    name: {{ include "stillhouse.fullname" . }}-password
    {{- else }}
    name: {{ include "stillhouse.generatedSecret" . }}
    {{- end }}
    items:
      - {key: password, path: password}
{{- if .Values.hub.admins }}
- secret:
    name: {{ .Values.hub.passwordSecret | default (include "stillhouse.generatedSecret" .) }}
    items:
      - {key: admin-password, path: admin-password}
{{- end }}
{{- end -}}
