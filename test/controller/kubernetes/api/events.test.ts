import test, { type ExecutionContext } from 'ava'
import { Events, type EventSaid } from '../../../../controller/kubernetes/api/events.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import { HandTime, until } from '../../../support/hand-time.ts'

const said: EventSaid = {
  regarding: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'a', name: 'm', uid: 'u' },
  type: 'Warning',
  reason: 'InvalidAnnotation',
  note: 'expected a number, got x',
}

async function setUp(
  t: ExecutionContext,
  timeoutMs = 5000,
): Promise<{
  api: FakeApiServer
  time: HandTime
  events: Events
  warned: string[]
  /** Those that exist. */
  kept(): Promise<Record<string, unknown>[]>
}> {
  const api = await FakeApiServer.start()
  const time = new HandTime(1)
  const warned: string[] = []
  const events = new Events({
    kube: api.kube({ timeoutMs }),
    instance: 'outrigger-controller-0',
    log: (_level, message) => void warned.push(message),
    time,
    utc: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) + time.now(),
  })
  t.teardown(() => {
    events.stop()
    return api.stop()
  })
  const kept = async (): Promise<Record<string, unknown>[]> =>
    (await api.kube().list<Record<string, unknown>>('/apis/events.k8s.io/v1/events')).items
  return { api, time, events, warned, kept }
}

test('an Event is written as events.k8s.io wants it', async t => {
  const { events, kept } = await setUp(t)
  events.say(said)
  await until(() => events.figures.written === 1)
  const [{ metadata, ...event } = {}] = await kept()
  t.deepEqual(event, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: '2026-01-02T03:04:05.006000Z',
    reportingController: 'outrigger.dev/controller',
    reportingInstance: 'outrigger-controller-0',
    action: 'InvalidAnnotation',
    reason: 'InvalidAnnotation',
    type: 'Warning',
    note: 'expected a number, got x',
    regarding: said.regarding,
  })
  const { name, namespace } = metadata as { name: string; namespace: string }
  t.regex(name, /^m\.[0-9a-f]{12}$/)
  t.is(namespace, 'a')
})

test('what has no namespace, and what is too long', async t => {
  const { events, kept } = await setUp(t)
  const regarding = { apiVersion: 'v1', kind: 'Node', name: 'n'.repeat(253) }
  events.say({ ...said, regarding, note: `${'x'.repeat(1020)}ééé`, action: 'y'.repeat(200) })
  await until(() => events.figures.written === 1)
  const [event] = await kept()
  const { metadata, note, action } = event as Record<string, string> & {
    metadata: { name: string; namespace: string }
  }
  t.is(metadata.namespace, 'default')
  t.true(metadata.name.length <= 253)
  t.is(note, `${'x'.repeat(1020)}...`)
  t.is(action?.length, 128)
})

test('said again it is counted, once a minute, and anew after a long silence', async t => {
  const { api, events, time, kept } = await setUp(t)
  for (let i = 0; i < 100; i++) events.say(said)
  await until(() => events.figures.written === 1)
  t.is(api.requests.length, 1)
  time.advance(60_000)
  await until(() => events.figures.written === 2)
  t.like((await kept())[0], {
    series: { count: 100, lastObservedTime: '2026-01-02T03:05:05.006000Z' },
  })
  time.advance(120_000)
  t.is(events.figures.written, 2, 'nothing new')
  events.say(said)
  time.advance(0)
  await until(() => events.figures.written === 3)
  t.like((await kept())[0], { series: { count: 101 } })
  time.advance(600_000)
  events.say(said)
  await until(() => events.figures.written === 4)
  t.is((await kept()).length, 2)
  t.deepEqual(events.figures, { written: 4, repeated: 100, dropped: 0, failed: 0 })
})

test('a series whose Event the server has forgotten gets a new one', async t => {
  const { api, events, time, kept } = await setUp(t)
  events.say(said)
  await until(() => events.figures.written === 1)
  const [{ metadata } = {}] = (await kept()) as { metadata: { name: string } }[]
  api.store.remove(`/apis/events.k8s.io/v1/namespaces/a/events/${metadata?.name}`)
  events.say(said)
  time.advance(60_000)
  await until(() => events.figures.written === 2)
  t.like((await kept())[0], { series: { count: 2 }, note: said.note })
})

test('an object that says too much is dropped and counted; others are not', async t => {
  const { events, time } = await setUp(t)
  for (let i = 0; i < 40; i++) events.say({ ...said, note: `note ${i}` })
  events.say({ ...said, regarding: { ...said.regarding, name: 'other' } })
  await until(() => events.figures.written === 26)
  t.is(events.figures.dropped, 15)
  time.advance(60_000)
  for (let i = 50; i < 52; i++) events.say({ ...said, note: `note ${i}` })
  await until(() => events.figures.written === 27)
  t.is(events.figures.dropped, 16, 'one a minute')
})

test('an API server that is away or refuses costs Events and nothing else', async t => {
  const { api, events, warned, kept } = await setUp(t, 500)
  api.fault = () => 'hang'
  for (let i = 0; i < 300; i++)
    events.say({ ...said, regarding: { ...said.regarding, name: `m${i}` } })
  t.is(events.figures.dropped, 300 - 257, 'what waits is bounded')
  await until(() => events.figures.failed === 1)
  api.fault = () => ({ status: 403, body: '{"kind":"Status","code":403,"message":"no"}' })
  await until(() => events.figures.failed === 257)
  t.deepEqual(warned, ['Events are not written'])
  api.fault = () => null
  events.say({ ...said, regarding: { ...said.regarding, name: 'm1' } })
  await until(() => events.figures.written === 1)
  t.is((await kept()).length, 1, 'said again, it is tried again')
})
