import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { binary } from '../machine/places.ts'
import { kubectl } from './cluster.ts'
import type { Load, LoadResult } from './load.ts'
import { serviceUrl } from './model.ts'

/** The client of `load.ts` in a pod of its own: wherever the tests run, it is in the cluster's network. */
const NAME = 'load'
const PROGRAM = readFileSync(join(import.meta.dirname, 'load.ts'), 'utf8')
let count = 0

/** Sends to the Service. `now` is at most half a second old. */
export async function loadOf(options: {
  namespace: string
  service: string
  rate: number
}): Promise<Load> {
  const { namespace, service, rate } = options
  const url = await serviceUrl(namespace, service)
  const pod = `${NAME}-${++count}`
  await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(listOf(namespace, pod)))
  await kubectl(['-n', namespace, 'wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=60s'])
  const exec = ['-n', namespace, 'exec', '-i', pod, '--', '/usr/local/bin/node', '/load/load.ts']
  const load = follow([...exec, '--follow', `--url=${url}`, `--rate=${rate}`])
  await load.started
  return load
}

function follow(args: string[]): Load & { started: Promise<void> } {
  const child = spawn(binary('kubectl'), args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const started = Promise.withResolvers<void>()
  const { promise: ended, resolve, reject } = Promise.withResolvers<LoadResult>()
  let last: LoadResult | null = null
  let words = ''
  createInterface({ input: child.stdout }).on('line', line => {
    last = JSON.parse(line) as LoadResult
    started.resolve()
  })
  child.stderr.on('data', (part: Buffer) => (words += part.toString()))
  child.stdin.on('error', () => undefined)
  // 1: all was sent, and a request failed.
  child.once('close', code => {
    if (last !== null && (code === 0 || code === 1)) return resolve(last)
    const error = new Error(`the load's pod ended (${code}): ${words.slice(-500)}`)
    started.reject(error)
    reject(error)
  })
  // Whoever asks for the end is told; nobody has to.
  ended.catch(() => undefined)
  return {
    started: started.promise,
    ended,
    now() {
      if (last === null) throw new Error('the load has not begun')
      return last
    },
    rate: perSecond => void child.stdin.write(`rate ${perSecond}\n`),
    stop() {
      child.stdin.end('stop\n')
      return ended
    },
  }
}

function listOf(namespace: string, pod: string): object {
  const container = {
    name: NAME,
    image: 'outrigger:dev',
    imagePullPolicy: 'IfNotPresent',
    command: ['/usr/local/bin/node', '-e', 'setInterval(() => {}, 1e6)'],
    resources: { requests: { cpu: '10m', memory: '64Mi' } },
    volumeMounts: [{ name: NAME, mountPath: '/load' }],
  }
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: NAME, namespace },
        data: { 'load.ts': PROGRAM },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, namespace, labels: { app: NAME } },
        spec: {
          containers: [container],
          terminationGracePeriodSeconds: 0,
          volumes: [{ name: NAME, configMap: { name: NAME } }],
        },
      },
    ],
  }
}
