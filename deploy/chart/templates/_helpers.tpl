{{- define "outrigger.labels" -}}
app.kubernetes.io/name: outrigger
app.kubernetes.io/part-of: outrigger
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* A new version of the chart alone restarts nothing. */}}
{{- define "outrigger.podLabels" -}}
{{ include "outrigger.selector" .component }}
app.kubernetes.io/part-of: outrigger
{{- end }}

{{/* What Services and workloads select by: nothing that an upgrade changes. */}}
{{- define "outrigger.selector" -}}
app.kubernetes.io/name: outrigger
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- define "outrigger.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The start of a pod's spec: what is the same for all. */}}
{{- define "outrigger.pod" -}}
serviceAccountName: outrigger-{{ .component }}
automountServiceAccountToken: {{ eq .component "controller" }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "outrigger.selector" .component | nindent 14 }}
{{- end }}

{{/* The start of a container: what is the same for all. */}}
{{- define "outrigger.container" -}}
name: {{ .component }}
image: {{ include "outrigger.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- /* The image's own command spares a sidecar memory; with as little room for the young these would collect all day. */}}
command: [/usr/local/bin/node, --max-semi-space-size=16, /app/dist/cli/main.js]
args: [{{ .component }}]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
livenessProbe:
  httpGet: { path: /healthz, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 3
{{- end }}

{{- define "outrigger.environment" -}}
- name: OUTRIGGER_LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- with .Values.telemetry.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := .Values.telemetry.environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Waited for: the kubelet starts the container when the controller has filled it in. */}}
{{- define "outrigger.token" -}}
- name: OUTRIGGER_TOKEN
  valueFrom:
    secretKeyRef: { name: outrigger-token, key: token }
{{- end }}
