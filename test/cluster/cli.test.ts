import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'
import type { Finding } from '../../cli/check/finding.ts'
import { checks } from '../../cli/check/table.ts'
import { main, outrigger } from './support/cli.ts'
import { hasSidecar, install, kubectl, podsOf, SYSTEM, until } from './support/cluster.ts'
import { loadOf } from './support/load-pod.ts'
import { answers, deployModel, replicasReady } from './support/model.ts'

const namespace = 'cli'
const name = 'model'
interface Report {
  ok: boolean
  stage: string
  findings: Finding[]
}

async function check(...args: string[]): Promise<Report> {
  const { out, err } = await outrigger('check', '--json', '--cluster', ...args)
  try {
    return JSON.parse(out) as Report
  } catch {
    throw new Error(`check said ${out}${err}`)
  }
}

/** Of the cluster, the release and our own endpoint: others may have theirs. */
const failures = ({ findings }: Report): string[] =>
  findings
    .filter(({ level }) => level === 'failure')
    .filter(
      each => checks[each.check].group !== 'endpoints' || each.about.startsWith(`${namespace}/`),
    )
    .map(each => `${each.check} ${each.about}: ${each.words}`)

test.before(async () => {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found'])
  await install()
  await deployModel({
    namespace,
    name,
    replicas: 1,
    annotations: { inject: 'true' },
    deployment: { 'latency-objective': '300ms' },
  })
  await replicasReady(namespace, name, 1)
})
test.after.always(() => kubectl(['delete', 'namespace', namespace, '--wait=false']))

test.serial('check: before an installation, and after one nothing fails', async t => {
  const before = await check('--before')
  t.is(before.stage, 'before')
  t.deepEqual(failures(before), [])
  t.true((await podsOf(namespace, name)).every(hasSidecar))
  const after = await until(
    'check finds no failure',
    async () => {
      const report = await check()
      if (failures(report).length > 0) throw new Error(failures(report).join('\n'))
      return report
    },
    { seconds: 90 },
  )
  t.is(after.stage, 'after')
  const passed = after.findings.filter(({ level }) => level === 'ok').map(each => each.check)
  const wanted = ['webhook-answers', 'webhook-trust', 'controller-rights', 'lease', 'controller']
  t.deepEqual(
    wanted.filter(each => !passed.includes(each as Finding['check'])),
    [],
  )
})

test.serial('top, explain, override and decisions follow, through the API server', async t => {
  await answers(namespace, name)
  const load = await loadOf({ namespace, service: name, rate: 20 })
  t.teardown(() => load.stop())
  const endpoint = `${namespace}/${name}`
  await until('top shows the endpoint', async () => {
    const { out, err } = await outrigger('top', '--json', '--namespace', SYSTEM)
    if (out === '') throw new Error(err)
    const { endpoints } = JSON.parse(out) as {
      endpoints: { endpoint: string; live: { ok: number } }[]
    }
    return endpoints.some(each => each.endpoint === endpoint && each.live.ok > 0)
  })
  const told = await outrigger('explain', endpoint, '--cluster')
  t.is(told.code, 0, told.err)
  t.regex(told.out, new RegExp(`${endpoint} {2}replicas: `))
  t.regex(told.out, /Outcome\n/)

  const following = spawn(process.execPath, [main, 'decisions', 'follow', '--cluster', '--json'])
  t.teardown(() => following.kill())
  let followed = ''
  following.stdout.on('data', (part: Buffer) => (followed += part.toString()))
  const set = await outrigger('override', endpoint, 'freeze=replicas', '--for', '5m', '--cluster')
  t.is(set.code, 0, set.err)
  t.regex(set.out, /freeze is "replicas" until .* \(set by [^)]+\)\.\n$/)
  const who = /\(set by ([^)]+)\)/.exec(set.out)?.[1]
  await until('a decision that names who froze is followed', () =>
    followed
      .split('\n')
      .slice(0, -1)
      .map(
        line => JSON.parse(line) as { body: { endpoint: string; inputs: { overrides: object[] } } },
      )
      .some(
        ({ body }) =>
          body.endpoint === endpoint &&
          body.inputs.overrides.some(each => (each as { who?: string }).who === who),
      ),
  )
  const cleared = await outrigger('override', endpoint, '--clear', '--who', 'ann', '--cluster')
  t.is(cleared.out, `${endpoint}: no override is in force.\n`, cleared.err)
  const list = await outrigger(
    'decisions',
    'list',
    '--since',
    '1h',
    '--endpoint',
    endpoint,
    '--cluster',
  )
  t.regex(list.out, /replicas: hold/)
})

test.serial('an override that stands as an annotation is changed there only', async t => {
  const annotation = (value: string): Promise<string> =>
    kubectl(['-n', namespace, 'annotate', '--overwrite', 'deployment', name, value])
  await annotation('outrigger.dev/override-min-replicas=1; who=ann')
  const endpoint = `${namespace}/${name}`
  await until('it is in force', async () =>
    (await outrigger('override', endpoint, '--cluster')).out.includes('min-replicas is 1'),
  )
  const refused = await outrigger('override', endpoint, 'min-replicas=2', '--cluster')
  t.is(refused.code, 1)
  t.regex(refused.err, /^The controller says: min-replicas of .* is set on the platform \(ann\)/)
  await annotation('outrigger.dev/override-min-replicas-')
})

test.serial('page: the live page on loopback', async t => {
  const page = spawn(process.execPath, [main, 'page', '--cluster', '--json'])
  t.teardown(() => page.kill())
  let out = ''
  page.stdout.on('data', (part: Buffer) => (out += part.toString()))
  const url = await until('it listens', () => /"page":"([^"]+)"/.exec(out)?.[1])
  const answer = await fetch(url)
  t.is(answer.status, 200)
  t.regex(await answer.text(), /<title>Outrigger<\/title>/)
  t.is((await fetch(`${url}v1/endpoints`)).status, 200)
  t.is((await fetch(`${url}v1/replicas`)).status, 404)
})

test.serial('without rights, the missing rule is said', async t => {
  await kubectl(['-n', namespace, 'create', 'serviceaccount', 'nobody'])
  const token = (await kubectl(['-n', namespace, 'create', 'token', 'nobody'])).trim()
  const config = JSON.parse(
    await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']),
  ) as {
    users: { user: object }[]
  }
  for (const each of config.users) each.user = { token }
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, JSON.stringify(config))
  const env = { ...process.env, KUBECONFIG: file }
  const top = await new Promise<{ code: unknown; err: string }>(resolve => {
    execFile(process.execPath, [main, 'top', '--once'], { env, cwd: folder }, (error, _, err) =>
      resolve({ code: error?.code, err }),
    )
  })
  t.is(top.code, 9)
  t.regex(top.err, /Missing in a Role of namespace outrigger-system: .*"outrigger-token"/)
})

test.serial('check: a Service with a number leads past the sidecar', async t => {
  const patch = { spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } }
  const change = (body: object): Promise<string> =>
    kubectl(['-n', namespace, 'patch', 'service', name, '--type=merge', '-p', JSON.stringify(body)])
  // The last of these tests: connections that are kept alive stay where they were led to.
  await change(patch)
  const { findings, ok } = await check()
  t.false(ok)
  const found = findings.find(each => each.check === 'services')
  t.like(found, { level: 'failure', about: `${namespace}/${name}` })
  t.regex(found?.fix ?? '', /targetPort be http/)
})
