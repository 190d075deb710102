import { NAMES } from '../../controller/kubernetes/watch/names.ts'

/**
 * A pod that asks for a sidecar, as a Deployment would make it. It is made as a dry run only: the API server asks
 * the webhook and stores nothing. It passes restricted Pod Security and names what quotas want named.
 */
export function podToTry(namespace: string): object {
  const hash = '5d4f8c7b9'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `outrigger-check-${hash}-dry`,
      namespace,
      labels: { app: 'outrigger-check', 'pod-template-hash': hash },
      annotations: { [NAMES.inject]: 'true' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `outrigger-check-${hash}`,
          uid: '00000000-0000-4000-8000-000000000000',
          controller: true,
        },
      ],
    },
    spec: {
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'model',
          image: 'outrigger.dev/check',
          ports: [{ name: 'http', containerPort: 8080 }],
          resources: {
            requests: { cpu: '1m', memory: '1Mi' },
            limits: { cpu: '1m', memory: '1Mi' },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  }
}
