import test from 'ava'
import { ctr } from '../machine/up.ts'
import { hasSidecar, install, kubectl, podsOf, type Pod } from '../support/cluster.ts'
import { calm, inject, underLoad } from '../support/under-load.ts'

/** The sidecar's image changes with the release; pods get it by an ordinary rollout, when their owners wish. */

const NEXT = 'next'
const image = (tag: string): string => `docker.io/library/outrigger:${tag}`

test.before(async () => {
  ctr(['-n', 'k8s.io', 'images', 'tag', '--force', image('dev'), image(NEXT)])
  await install()
})
test.after.always(async () => {
  await install()
  ctr(['-n', 'k8s.io', 'images', 'rm', image(NEXT)])
})

const tagsOf = (pods: Pod[]): string[] =>
  pods.map(
    ({ spec }) =>
      spec.initContainers?.find(({ name }) => name === 'outrigger')?.image.split(':')[1] ?? '',
  )

test.serial('upgrade of the sidecar by rollout, and back: nothing is lost', async t => {
  const namespace = 'upgrade'
  const restart = async (): Promise<string[]> => {
    await kubectl(['-n', namespace, 'rollout', 'restart', 'deployment/model'])
    await kubectl(['-n', namespace, 'rollout', 'status', 'deployment/model', '--timeout=120s'])
    const pods = await podsOf(namespace, 'model')
    t.true(pods.every(hasSidecar))
    return tagsOf(pods)
  }
  const result = await underLoad(
    t,
    { namespace, name: 'model', ms: 5, slots: 100, annotations: inject, deployment: calm },
    async () => {
      const before = (await podsOf(namespace, 'model')).map(({ metadata }) => metadata.uid)
      await install([`image.tag=${NEXT}`])
      const after = await podsOf(namespace, 'model')
      t.deepEqual(after.map(({ metadata }) => metadata.uid).toSorted(), before.toSorted())
      t.deepEqual(tagsOf(after), ['dev', 'dev'], 'pods keep theirs until they are replaced')
      t.deepEqual(await restart(), [NEXT, NEXT])
      await install()
      t.deepEqual(await restart(), ['dev', 'dev'])
    },
  )
  t.is(result.failed, 0, JSON.stringify(result.failures))
  t.is(result.through, result.ok)
})
