import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { install, json, kubectl, podsOf, until } from '../support/cluster.ts'
import { controllers, logOf, nextLeader, type LogLine } from '../support/leader.ts'
import { startLoad } from '../support/load.ts'
import { deployModel, replicasReady, serviceUrl } from '../support/model.ts'
import { forkHashes, iptables, pidOf } from './support.ts'
import { wayOf } from './way.ts'

/** One leads, whatever happens to it; what a former leader still wants has no effect. */
const namespace = 'leader'
const API_SERVER = '10.244.0.1'

test.before(async () => {
  await install()
  await deployModel({
    namespace,
    name: 'model',
    replicas: 1,
    annotations: { inject: 'true' },
    deployment: {
      'max-replicas': '4',
      'latency-objective': '300ms',
      'scale-down-window': '10s',
    },
  })
  await replicasReady(namespace, 'model', 1)
})
test.after.always(() =>
  kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
)

async function epochs(): Promise<{ target: number; orders: number[] }> {
  const { metadata } = await json<{ metadata: { annotations: Record<string, string> } }>([
    '-n',
    namespace,
    'get',
    'deployment',
    'model',
  ])
  const pods = await podsOf(namespace, 'model')
  const orders = await Promise.all(
    pods.map(async ({ status }) => {
      const answer = await fetch(`http://${status.podIP}:15021/v1/order`)
      return ((await answer.json()) as { order: { epoch: number } | null }).order?.epoch ?? 0
    }),
  )
  return { target: Number(metadata.annotations['outrigger.dev/epoch']), orders }
}

function epochOf(log: LogLine[]): number {
  return log.at(-1)?.record.epoch ?? 0
}

test.serial('a leader that is frozen is followed; when it thaws it changes nothing', async t => {
  const old = await nextLeader(null)
  await until('the old one has decided', async () => (await logOf(old)).some(isDecision), {
    seconds: 30,
  })
  const before = await logOf(old)
  const frozen = pidOf(old, 'controller')
  process.kill(frozen, 'SIGSTOP')
  const thaw = (): void => void process.kill(frozen, 'SIGCONT')
  let thawed = false
  t.teardown(() => thawed || thaw())

  const now = await nextLeader(old.metadata.name)
  const load = startLoad({ url: await serviceUrl(namespace, 'model'), rate: 200 })
  t.teardown(() => load.stop())
  await replicasReady(namespace, 'model', 4, 90)
  const log = await logOf(now)
  t.true(epochOf(log) > epochOf(before))

  // The takeover cites what the log was, and nothing of it is missing.
  const at = log.findLastIndex(({ record }) => record.kind === 'start')
  const start = log[at]?.record
  const last = log[at - 1]
  if (start?.kind !== 'start' || last === undefined) return t.fail('no takeover in the log')
  t.is(start.body.size, last.record.seq)
  t.is(start.body.head, last.hash)
  t.true(
    log.slice(1).every(({ prev }, i) => prev === log[i]?.hash),
    'the chain goes on',
  )

  thawed = true
  thaw()
  await until('the old one has ended and begun anew', async () => {
    const pod = (await controllers()).find(({ metadata }) => metadata.name === old.metadata.name)
    return (pod?.status.containerStatuses?.[0]?.restartCount ?? 0) > 0
  })
  t.is((await nextLeader(null)).metadata.name, now.metadata.name)
  // What nobody had copied when it froze is not in the new log, and not lost: it is kept beside the old one's copy.
  const known = new Set(log.map(({ hash }) => hash))
  await until('every record of the old leader is in the log or kept', () => {
    for (const hash of forkHashes(old)) known.add(hash)
    return before.every(({ hash }) => known.has(hash))
  })
  const after = await epochs()
  t.is(after.target, epochOf(log), 'the target is written by the new one')
  t.deepEqual([...new Set(after.orders)], [epochOf(log)], 'orders are of the new one')
  t.is((await podsOf(namespace, 'model')).length, 4)
  await load.stop()
})

test.serial(
  'a leader that the API server does not hear ends itself, and another goes on',
  async t => {
    const old = await nextLeader(null)
    const cut = [
      'INPUT',
      '-s',
      old.status.podIP ?? '',
      '-d',
      API_SERVER,
      '-p',
      'tcp',
      '--dport',
      '6443',
      '-j',
      'DROP',
    ]
    iptables('-I', ...cut)
    let open = false
    const reopen = (): void => {
      if (!open) iptables('-D', ...cut)
      open = true
    }
    t.teardown(reopen)
    const now = await nextLeader(old.metadata.name)
    const log = await logOf(now)
    await until('the orders are of the new leader', async () => {
      const { target, orders } = await epochs()
      return target === epochOf(log) && orders.every(epoch => epoch === epochOf(log))
    })
    reopen()
    await sleep(3000)
    t.is((await nextLeader(null)).metadata.name, now.metadata.name)
    const later = await logOf(now)
    t.is(epochOf(later), epochOf(log), 'nobody else has led since')
  },
)

test.serial(
  'a write that was on its way when the leader was cut off and frozen arrives under its successor: refused',
  async t => {
    await replicasReady(namespace, 'model', 1, 120)
    const old = await nextLeader(null)
    const way = await wayOf(old)
    t.teardown(() => way.close())
    // Its connections are made anew, and what it does about that is over. Its epoch is on the Deployment
    // already, so what it writes is the scale.
    await sleep(5000)
    const frozen = pidOf(old, 'controller')
    const load = startLoad({ url: await serviceUrl(namespace, 'model'), rate: 200 })
    t.teardown(() => load.stop())
    way.holdWrite()
    await until('it has read the Deployment and writes', () => way.held(), { seconds: 20 })
    process.kill(frozen, 'SIGSTOP')
    t.teardown(() => thawed || process.kill(frozen, 'SIGCONT'))
    let thawed = false
    await load.stop()
    const now = await nextLeader(old.metadata.name)
    await replicasReady(namespace, 'model', 1, 120)
    await sleep(3000)
    const before = await refusedScales()
    way.release()
    await until('the API server has refused it', async () => (await refusedScales()) > before)
    thawed = true
    process.kill(frozen, 'SIGCONT')
    await sleep(5000)
    await replicasReady(namespace, 'model', 1)
    t.is((await nextLeader(null)).metadata.name, now.metadata.name)
    t.is((await epochs()).target, epochOf(await logOf(now)))
  },
)

/** Writes of a scale that the API server refused because the Deployment was another by then. */
async function refusedScales(): Promise<number> {
  const page = await kubectl(['get', '--raw', '/metrics'])
  return page
    .split('\n')
    .filter(
      line => line.startsWith('apiserver_request_total{') && line.includes('subresource="scale"'),
    )
    .filter(line => line.includes('code="409"'))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

function isDecision({ record }: LogLine): boolean {
  return record.kind === 'decision'
}
