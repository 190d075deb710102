import { request, Agent } from 'node:https'

/** What tests look at of an answer in JSON; each answer has some of it. */
interface Told {
  apiVersion: string
  kind: string
  error: string
  why: string | null
  response: {
    uid: string
    allowed: boolean
    patchType?: string
    patch?: string
    warnings?: string[]
    auditAnnotations?: Record<string, string>
  }
}

export interface Answered {
  status: number
  body: string
  json: Told
  headers: Record<string, string | string[] | undefined>
}

export interface Sending {
  port: number
  /** The caBundle. */
  ca: string
  path?: string
  method?: string
  body?: string | Buffer
  headers?: Record<string, string>
  servername?: string
  agent?: Agent
}

/** One request as an API server makes it: trusts the caBundle and nothing else, and names the Service. */
export function ask(sending: Sending): Promise<Answered> {
  const { port, ca, path = '/inject?timeout=10s', method = 'POST', body = '' } = sending
  const { servername = 'outrigger-webhook.outrigger-system.svc', agent = new Agent() } = sending
  const headers = { 'content-type': 'application/json', ...sending.headers }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, ca, path, method, headers, servername, agent },
      response => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          let json: unknown
          try {
            json = JSON.parse(text)
          } catch {
            json = undefined
          }
          resolve({
            status: response.statusCode ?? 0,
            body: text,
            json: json as Told,
            headers: response.headers,
          })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

interface Review {
  apiVersion: string
  kind: string
  request: Record<string, unknown>
}

/** An AdmissionReview as an API server sends it. */
export function reviewOf(request: Record<string, unknown> = {}): Review {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: podOf(),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      ...request,
    },
  }
}

export function podOf(): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'model-5d4f8c7b9-',
      labels: { app: 'model', 'pod-template-hash': '5d4f8c7b9' },
      annotations: { 'outrigger.dev/inject': 'true' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'model-5d4f8c7b9',
          uid: 'rs',
          controller: true,
        },
      ],
    },
    spec: {
      containers: [
        { name: 'model', image: 'model', ports: [{ name: 'http', containerPort: 8080 }] },
      ],
    },
  }
}
