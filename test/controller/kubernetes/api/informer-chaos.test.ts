import test from 'ava'
import { Informer } from '../../../../controller/kubernetes/api/informer.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import type { Kept } from '../../../support/fake-api-store.ts'
import { HandTime } from '../../../support/hand-time.ts'
import { random } from '../../../support/prng.ts'

const pods = '/api/v1/namespaces/a/pods'

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`whatever goes wrong, in the end it has what the server has (seed ${seed})`, async t => {
    const mirror = new Map<string, unknown>()
    const changed = (name: string, kept: unknown): void => {
      if (kept === null) t.true(mirror.delete(name), 'gone only once')
      else mirror.set(name, kept)
    }
    const api = await FakeApiServer.start()
    const time = new HandTime(seed)
    const informer = new Informer<Kept, unknown>({
      kube: api.kube(),
      path: '/api/v1/pods',
      keep: ({ spec }) => spec?.n ?? null,
      changed,
      log: () => undefined,
      stallMs: 30_000,
      // Never: a missed event would be mended by it.
      relistMs: 1e9,
      time,
    })
    t.teardown(() => {
      informer.stop()
      return api.stop()
    })
    const { uniform } = random(seed)
    const pick = (n: number): number => Math.floor(uniform() * n)
    const chaos = [
      (): void => api.endWatches('reset'),
      (): void => api.endWatches('end'),
      (): void => api.bookmark(),
      (): void => api.sayToWatches('{"type": "ADDED", "object": {}}\n'),
      (): void => api.store.compact(),
      (): void => time.advance(pick(60_000)),
    ]
    const faults = [
      'reset',
      'lost',
      { status: 500, body: '[]' },
      { status: 200, body: '{' },
    ] as const
    api.fault = ({ query }) => {
      t.true(query.watch !== 'true' || api.watches === 0, 'never two watches')
      return uniform() < 0.3 ? (faults[pick(4)] ?? null) : null
    }
    informer.start()
    for (let i = 0; i < 600; i++) {
      const path = `${pods}/p${pick(20)}`
      if (uniform() < 0.7) api.store.put(path, { metadata: {}, spec: { n: pick(100) } })
      else api.store.remove(path)
      if (uniform() < 0.15) chaos[pick(chaos.length)]?.()
      if (uniform() < 0.5) await new Promise(resolve => setImmediate(resolve))
    }
    api.fault = () => null
    const truth = (): string => {
      const out: [string, unknown][] = []
      for (let n = 0; n < 20; n++) {
        const value = api.store.get(`${pods}/p${n}`)?.spec?.n
        if (value !== undefined) out.push([`a/p${n}`, value])
      }
      return JSON.stringify(out.toSorted())
    }
    for (let i = 0; i < 20_000; i++) {
      if (JSON.stringify([...mirror].toSorted()) === truth()) break
      await new Promise(resolve => setImmediate(resolve))
      if (i % 50 === 0) time.advance(1000)
    }
    t.is(JSON.stringify([...mirror].toSorted()), truth())
    t.true(informer.figures().failures > 0)
  })
}
