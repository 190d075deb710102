import test, { type ExecutionContext } from 'ava'
import { summarise } from '../../controller/decide/summarise.ts'
import { Observer } from '../../controller/observe.ts'
import type { Platform } from '../../core/model/tables.ts'
import { serve } from '../../core/runtime/admin.ts'
import { until } from '../aggregator/sender.ts'
import { Fleet, START } from './support/fleet.ts'

/** One that is told of this platform, in a turn of its own. */
function observing(
  t: ExecutionContext,
  platform: Platform,
  over: Partial<ConstructorParameters<typeof Observer>[0]> = {},
): Observer {
  const observer = new Observer({
    platform: {
      follow(take) {
        queueMicrotask(() => take(platform))
        return { stop: () => undefined }
      },
    },
    token: null,
    now: () => 0,
    log: () => undefined,
    ...over,
  })
  t.teardown(() => observer.stop())
  return observer
}

test('an endpoint whose windows are no windows blinds nobody to the others', async t => {
  const fleets = ['local/odd', 'local/good'].map((name, seed) => new Fleet(name, seed, () => 9))
  const [odd, good] = fleets as [Fleet, Fleet]
  const readers = new Set<(line: unknown) => void>()
  let connections = 0
  const aggregator = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: [
      { at: 'PUT /v1/targets', handle: () => ({ status: 200, json: {} }) },
      {
        at: 'GET /v1/windows',
        handle: () => ({
          follow(write) {
            connections++
            readers.add(write)
            return () => void readers.delete(write)
          },
        }),
      },
    ],
  })
  t.teardown(() => aggregator.close())
  const platform: Platform = {
    v: 1,
    boot: 'boot1',
    version: 1,
    aggregator: aggregator.address,
    edges: [],
    endpoints: fleets.map(fleet => fleet.row(START)),
  }
  const said: string[] = []
  const observer = observing(t, platform, {
    log: (level, message) => void said.push(`${level} ${message}`),
  })
  await until(() => readers.size > 0)
  for (let second = 0; second < 3; second++) {
    const lie = odd.second(START + second * 1000, null)
    for (const write of readers) {
      write({ ...lie, offeredPerSecond: [2 * Number.MAX_SAFE_INTEGER] })
      write(good.second(START + second * 1000, null))
    }
  }
  await until(() => observer.windows('local/good')?.at === START + 2000)
  t.is(connections, 1, 'the stream goes on')
  t.is(observer.windows('local/odd'), null)
  t.is(said.filter(line => line.includes('local/odd')).length, 1, 'said once')
  for (const write of readers) write(odd.second(START + 3000, null))
  await until(() => observer.windows('local/odd') !== null)
  for (const write of readers) write('{"v":1}')
  await until(() => connections === 2)
  t.pass('what is of no endpoint is no aggregator')
})

test('behind a log from the future, replicas are as old as their platform says', t => {
  const hour = 3_600_000
  const starting = { state: 'starting' as const, started: START, ready: null }
  const row = new Fleet('local/one', 1, () => 9).row(START)
  const [first] = row.replicas
  const replicas = [first, first && { ...first, replica: 'new', ...starting }].filter(
    each => !!each,
  )
  const platform: Platform = {
    v: 1,
    boot: 'boot1',
    version: 1,
    aggregator: '127.0.0.1:1',
    edges: [],
    endpoints: [{ ...row, replicas }],
  }
  const observer = observing(t, platform, { ahead: hour })
  const plain = observing(t, platform)
  return Promise.resolve().then(() => {
    const now = START + hour + 5000
    const platformRow = observer.endpoint('local/one')
    if (platformRow === null) return t.fail()
    const told = { windows: null, windowAgeMs: null, platformVersion: 1, folds: [], overrides: [] }
    const since = now - 120_000
    const inputs = summarise({ ...told, platform: platformRow, now, since, activate: false })
    t.is(inputs.replicas.oldestStartingMs, 5000)
    t.deepEqual(inputs.startUps, [10_000])
    t.is(plain.platform, platform)
  })
})
