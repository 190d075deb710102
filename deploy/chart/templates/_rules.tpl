{{/* What the controller may do where endpoints are. */}}
{{- define "outrigger.rules.endpoints" -}}
# Endpoints: reads them, writes its epoch, status and edge port into annotations.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [deployments/scale]
  verbs: [patch]
# Replicas: which to remove first is an annotation.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
# Those that could not make pods while the webhook was away are told to try again, by an annotation.
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, patch]
# NAME-edge and the edges behind it, which go when nobody asks for them; numbers of ports become names where asked for.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
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
# The root key outlives us, so the chart has none of it; others are made anew where somebody removed them.
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
  verbs: [get, patch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [outrigger-controller]
  verbs: [get, update]
# The edges; the other controllers; and the label by which the Service finds the one that decides.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* CPU and memory of replicas, asked of their kubelets. Never nodes/proxy: that one runs commands. */}}
{{- define "outrigger.rules.nodes" -}}
- apiGroups: [""]
  resources: [nodes/metrics]
  verbs: [get]
{{- end }}

{{/* The caBundle of its own webhooks; and labels of namespaces, by which Istio is asked for. */}}
{{- define "outrigger.rules.webhook" -}}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  resourceNames: [outrigger]
  verbs: [list, watch, patch]
{{- end }}
