import test from 'ava'
import type { AnyRecord } from '../../../controller/record/line.ts'
import { install, json, kubectl, until } from '../support/cluster.ts'
import { logOf, nextLeader } from '../support/leader.ts'
import { deployModel, replicasReady } from '../support/model.ts'

const namespace = 'scaled'
const name = 'hand'

test('kubectl scale: the log says who it was, and what is needed counts in the end', async t => {
  await install()
  t.teardown(() =>
    kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
  )
  const annotations = { inject: 'true' }
  const deployment = { 'max-replicas': '4', 'scale-down-window': '20s' }
  await deployModel({ namespace, name, replicas: 1, annotations, deployment })
  await replicasReady(namespace, name, 1)
  const { status } = await json<{ status: { userInfo: { username: string } } }>(['auth', 'whoami'])
  await kubectl(['-n', namespace, 'scale', `deployment/${name}`, '--replicas=3'])
  const { body } = await until('the log says so', async () => {
    const log = await logOf(await nextLeader(null))
    return log.map(({ record }) => record).find(isScaled)
  })
  const { username: who } = status.userInfo
  t.like(body, { endpoint: `${namespace}/${name}`, from: 1, to: 3, who })
  await replicasReady(namespace, name, 1, 120)
})

const isScaled = (record: AnyRecord): record is Extract<AnyRecord, { kind: 'scaled' }> =>
  record.kind === 'scaled' && record.body.endpoint === `${namespace}/${name}`
