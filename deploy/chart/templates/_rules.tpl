{{/* What the controller may do where endpoints are. */}}
{{- define "outrigger.rules.endpoints" -}}
# Endpoints: reads them, writes its epoch and status into annotations.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [deployments/scale]
  verbs: [get, patch, update]
# Replicas: which to remove first is an annotation.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
# Those that could not make pods while the webhook was away are told to try again, by an annotation.
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list, watch, patch]
# NAME-edge and what it leads to; numbers of ports become names where asked for.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch, create, patch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# Whoever else scales.
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
{{- end }}

{{/* What it may do in its own namespace. */}}
{{- define "outrigger.rules.own" -}}
# The root key outlives us, so the chart has none of it. A name can't be asked for at creation.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [outrigger-root, outrigger-token{{ if .Values.webhook.enabled }}, outrigger-webhook-tls{{ end }}]
  verbs: [get, update]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [outrigger-root-key]
  verbs: [get, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [outrigger-controller]
  verbs: [get, update, patch]
# The label by which the Service finds the one that decides; and the edges.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* CPU and memory of the nodes that endpoints run on. Never nodes/proxy: that one runs commands. */}}
{{- define "outrigger.rules.nodes" -}}
- apiGroups: [""]
  resources: [nodes]
  verbs: [get, list]
- apiGroups: [""]
  resources: [nodes/metrics]
  verbs: [get]
{{- end }}

{{/* The caBundle of its own webhooks. */}}
{{- define "outrigger.rules.webhook" -}}
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  resourceNames: [outrigger]
  verbs: [get, list, watch, patch]
{{- end }}
