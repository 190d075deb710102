import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { injectAll } from '../../cli/inject-offline.ts'
import { annotationsOf, readAnnotations } from '../../controller/kubernetes/watch/annotations.ts'
import type { Deployment } from '../../controller/kubernetes/watch/objects.ts'
import { root } from '../house/tree.ts'
import { objectsOf, type KubeObject } from './objects.ts'

const folder = join(root, 'examples', 'kubernetes')
const given = { image: 'registry.example/outrigger:1', rootKey: 'key', namespace: 'models' }
const files = readdirSync(folder).filter(file => file.endsWith('.yaml'))
const examples = files
  .map(file => ({ file, objects: objectsOf(readFileSync(join(folder, file), 'utf8')) }))
  .filter(({ objects }) => objects.some(({ kind }) => kind === 'Deployment'))

/** What is wrong with the Deployments of an example; nothing, and each of them is injected, is right. */
function wrongWith(objects: readonly KubeObject[]): string[] {
  const { answers } = injectAll(objects, given)
  const injection = answers.flatMap(({ name, verdict, reasons }) => [
    ...(verdict === 'injected' ? [] : [`${name} is ${verdict}`]),
    ...reasons.filter(({ code }) => code !== 'injected').map(({ sentence }) => sentence),
  ])
  const annotations = objects
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(each => readAnnotations(annotationsOf(each as unknown as Deployment), 0).issues)
    .map(({ path, expected, got }) => `${path}: expected ${expected}, got ${got}`)
  return [...injection, ...annotations]
}

test('there are examples', t => {
  t.deepEqual(
    examples.map(({ file }) => file),
    ['agent.yaml', 'mlserver.yaml', 'vllm.yaml'],
  )
})

for (const { file, objects } of examples) {
  test(`${file}: is injected without a doubt, and every annotation is read`, t => {
    t.deepEqual(wrongWith(objects), [])
  })

  test(`${file}: leaves the replicas to Outrigger, and its Service leads to the sidecar`, t => {
    const deployment = objects.find(({ kind }) => kind === 'Deployment')
    t.false(Object.hasOwn(deployment?.spec ?? {}, 'replicas'))
    const service = objects.find(({ kind }) => kind === 'Service')
    t.like(service?.spec, { ports: [{ targetPort: 'http' }] })
  })

  test(`${file}: has a row in the README`, t => {
    t.true(readFileSync(join(folder, 'README.md'), 'utf8').includes(`| [${file}](${file}) |`))
  })
}

test('caught: an example that is not right', t => {
  const [mlserver] = examples.filter(({ file }) => file === 'mlserver.yaml')
  const text = JSON.stringify(mlserver?.objects)
    .replace('"outrigger.dev/inject":"true"', '"outrigger.dev/inject":"yes"')
    .replace('500ms', 'half a second')
  const wrong = wrongWith(JSON.parse(text) as KubeObject[])
  t.is(wrong[0], 'digits is skipped')
  t.true(wrong.some(line => line.startsWith('outrigger.dev/latency-objective: expected')))
})
