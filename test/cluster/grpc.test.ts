import test from 'ava'
import { hasSidecar, install, kubectl, podsOf, until } from './support/cluster.ts'
import { replicasReady, serviceUrl } from './support/model.ts'

const namespace = 'grpc'
const name = 'echo'

/** A gRPC server of one method, in its wire format: a message comes back, then trailers. */
const PROGRAM = `
import { createServer } from 'node:http2'
const server = createServer()
server.on('stream', (stream, headers) => {
  const parts = []
  stream.on('data', part => parts.push(part))
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-pod': process.env.HOSTNAME }))
    stream.end(Buffer.concat(parts))
  })
})
server.listen(50051, '::')
`

/** Calls a Service once, and prints its headers, trailers and message. */
const CALL = `
const stream = require('node:http2').connect(process.argv[1]).request({
  ':method': 'POST', ':path': '/echo.Echo/Say', 'content-type': 'application/grpc', te: 'trailers',
})
const said = {}
stream.on('response', headers => Object.assign(said, headers))
stream.on('trailers', trailers => Object.assign(said, trailers))
let body = ''
stream.on('data', part => (body += part.toString('hex')))
stream.on('end', () => { console.log(JSON.stringify({ ...said, body })); process.exit(0) })
stream.on('error', error => { console.error(error.message); process.exit(1) })
stream.end(Buffer.from('0000000002abcd', 'hex'))
`

const labels = { app: name }
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { 'echo.mjs': PROGRAM },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { 'outrigger.dev/inject': 'true' } },
        spec: {
          containers: [
            {
              name: 'model',
              image: 'outrigger:dev',
              command: ['/usr/local/bin/node', '/echo/echo.mjs'],
              ports: [{ name: 'grpc', containerPort: 50051 }],
              readinessProbe: { tcpSocket: { port: 'grpc' }, periodSeconds: 1 },
              resources: { requests: { cpu: '50m', memory: '48Mi' }, limits: { memory: '256Mi' } },
              volumeMounts: [{ name: 'echo', mountPath: '/echo' }],
            },
          ],
          volumes: [{ name: 'echo', configMap: { name } }],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: labels,
      ports: [{ name: 'grpc', port: 80, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' }],
    },
  },
]

test.after.always(() =>
  kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
)

test('a gRPC model is injected, and called through its Service and its sidecar', async t => {
  await install()
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(list))
  await replicasReady(namespace, name, 1)
  const [pod] = await podsOf(namespace, name)
  t.true(pod !== undefined && hasSidecar(pod))
  const url = await serviceUrl(namespace, name)
  const exec = ['-n', namespace, 'exec', `deployment/${name}`, '-c', 'model', '--']
  const said = await until('it answers', async () => {
    const out = await kubectl([...exec, '/usr/local/bin/node', '-e', CALL, url])
    return JSON.parse(out) as Record<string, string>
  })
  t.like(said, { ':status': 200, 'grpc-status': '0', body: '0000000002abcd' })
  t.is(said['x-pod'], pod?.metadata.name)
  t.true('x-outrigger-waited-us' in said, 'it came through the sidecar')
})
