import test, { type ExecutionContext } from 'ava'
import { keepLabel } from '../../../controller/kubernetes/label.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { HandTime, until } from '../../support/hand-time.ts'
import { pod } from './support/objects.ts'

const NAMESPACE = 'outrigger-system'
const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/pods`
const LEADER = 'outrigger.dev/leader'

async function stage(t: ExecutionContext) {
  const fake = await FakeApiServer.start()
  t.teardown(() => fake.stop())
  const names = ['c-0', 'c-1', 'other']
  const put = (name: string, leads: boolean, component = 'controller'): void => {
    const made = pod(`${NAMESPACE}/${name}`, '10-0-0-1')
    made.metadata.name = name
    made.metadata.labels = { 'app.kubernetes.io/component': component }
    if (leads) made.metadata.labels[LEADER] = 'true'
    fake.store.put(`${COLLECTION}/${name}`, made as never)
  }
  const leaders = (): string[] =>
    names.filter(
      name => fake.store.get(`${COLLECTION}/${name}`)?.metadata.labels?.[LEADER] === 'true',
    )
  const time = new HandTime()
  const state = { held: true }
  const kept = (): ReturnType<typeof keepLabel> => {
    const label = keepLabel({
      kube: fake.kube(),
      namespace: NAMESPACE,
      pod: 'c-0',
      held: () => state.held,
      log: () => undefined,
      time,
    })
    t.teardown(() => label.stop())
    return label
  }
  const asked = (method: string): number =>
    fake.requests.filter(each => each.method === method && each.path.startsWith(COLLECTION)).length
  return { fake, put, leaders, time, state, kept, asked }
}

test('we have the label and nobody else has, also of pods that are made anew; nothing is polled', async t => {
  const { put, leaders, time, kept, asked } = await stage(t)
  put('c-0', false)
  put('c-1', true)
  put('other', true, 'edge')
  const label = kept()
  await until(() => leaders().join() === 'c-0,other', 'the label has moved')
  put('c-1', true)
  await until(() => leaders().join() === 'c-0,other', 'it is taken from the new one')
  const before = asked('GET')
  for (let i = 0; i < 60; i++) time.advance(1000)
  t.is(asked('GET'), before)
  await label.stop()
  t.deepEqual(leaders(), ['other'])
})

test('what is refused is tried again; who does not hold the lease changes nothing', async t => {
  const { fake, put, leaders, time, state, kept, asked } = await stage(t)
  put('c-0', false)
  fake.fault = ({ method }) => (method === 'PATCH' ? { status: 500 } : null)
  kept()
  await until(() => asked('PATCH') > 0, 'it is tried')
  fake.fault = () => null
  await until(() => {
    time.advance(1000)
    return leaders().length === 1
  }, 'it is tried again')
  state.held = false
  put('c-1', true)
  for (let i = 0; i < 30; i++) time.advance(1000)
  t.deepEqual(leaders(), ['c-0', 'c-1'])
})
