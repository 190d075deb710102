import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { call } from '../core/runtime/call.ts'
import { DistributionRecorder } from '../core/model/distribution.ts'
import type { Sample } from '../core/model/sample.ts'
import { follow } from '../core/runtime/follow.ts'
import { sampleOf } from '../test/aggregator/samples.ts'
import { fakeSender } from '../test/aggregator/store/sender.ts'

/**
 * What following a replica costs the aggregator: CPU of its process while so many senders, each on a port
 * of its own, send a busy second's sample each second, and one reader follows all windows. Linux only.
 */
const { values } = parseArgs({
  options: {
    senders: { type: 'string', default: '200' },
    endpoints: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    requests: { type: 'string', default: '100' },
    /** Seconds before measuring: after 300 every window is full. */
    warm: { type: 'string', default: '310' },
  },
})
const [senders, endpoints, seconds, requests] = [
  Number(values.senders),
  Number(values.endpoints),
  Number(values.seconds),
  Number(values.requests),
]

let rssBytes = 0
const child = spawn(process.execPath, ['cli/main.ts', 'aggregator'], {
  env: { ...process.env, OUTRIGGER_ADMIN: '127.0.0.1:0', OUTRIGGER_PARENT: 'stdin' },
  stdio: ['pipe', 'pipe', 'ignore'],
})
const [first] = (await once(child.stdout, 'data')) as [Buffer]
const { listening } = JSON.parse(first.toString()) as { listening: { admin: string } }
const url = `http://${listening.admin}`

const fakes = await Promise.all(Array.from({ length: senders }, () => fakeSender()))
const names = fakes.map((_, i) => ({ endpoint: `local/model-${i % endpoints}`, replica: `r${i}` }))
const targets = fakes.map(({ address }, i) => ({
  kind: 'replica',
  ...names[i],
  revision: 'r1',
  admin: address,
  expected: true,
}))
await call('PUT', `${url}/v1/targets`, { json: { v: 1, targets } })
const reader = follow({ url: () => `${url}/v1/windows?follow=1`, line: () => {} })
let seq = 0
let bytes = 0
const timer = setInterval(() => {
  for (const [i, fake] of fakes.entries()) {
    const line = JSON.stringify(busySecond({ ...names[i], boot: `b${i}`, seq }))
    bytes = line.length
    fake.push(line)
  }
  seq++
}, 1000)

await wait(Number(values.warm))
const before = cpuMs()
await wait(seconds)
const used = cpuMs() - before
const page = String((await call('GET', `${url}/metrics`)).json)
clearInterval(timer)
reader.stop()
child.stdin.end()
await once(child, 'close')
console.log(
  JSON.stringify({
    senders,
    endpoints,
    lineBytes: bytes,
    cpuMsPerSecond: Math.round(used / seconds),
    cpuUsPerReplicaSecond: Math.round((used * 1000) / seconds / senders),
    rssMiB: Math.round(rssBytes / 2 ** 20),
    taken: /result="new"\} (\d+)/.exec(page)?.[1],
    foldSeconds: /fold_seconds_sum (\S+)/.exec(page)?.[1],
    folds: /fold_seconds_count (\S+)/.exec(page)?.[1],
  }),
)
process.exit(0)

/** Service times around 50 ms, spread as real ones are, and four levels of concurrency. */
function busySecond(over: Partial<Sample>): Sample {
  const recorder = new DistributionRecorder()
  for (let i = 0; i < requests; i++) recorder.add(50_000 * Math.exp((Math.random() - 0.5) * 2))
  const service = recorder.take()
  return sampleOf({
    ...over,
    start: Date.now() - 1000,
    offered: requests,
    admitted: requests,
    completed: { ok: requests, client: 0, server: 0 },
    inFlight: { integral: 5_000_000, max: 8, end: 5 },
    service,
    wait: service,
    occupancy: [3, 4, 5, 6].map(n => [n, 250_000, requests / 4, 0]),
    cpu: { us: 800_000, quota: 1000 },
    memory: { bytes: 1e8, limit: 2e8 },
  })
}

/** CPU time of the aggregator so far: fields 14 and 15 of its stat, in ticks of 10 ms. */
function cpuMs(): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  rssBytes = Number(stat[21]) * 4096
  return (Number(stat[11]) + Number(stat[12])) * 10
}

function wait(s: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, s * 1000))
}
