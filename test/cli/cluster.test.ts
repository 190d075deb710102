import { spawnSync } from 'node:child_process'
import test from 'ava'
import { openCluster } from '../../cli/cluster.ts'
import { clusterWay } from '../../cli/cluster-way.ts'
import { command as decisions } from '../../cli/decisions.ts'
import { command as explain } from '../../cli/explain.ts'
import { command as override } from '../../cli/override.ts'
import { command as top } from '../../cli/top.ts'
import { ask } from '../../cli/way.ts'
import { Refused, type Route } from '../../core/runtime/admin.ts'
import { folder } from '../controller/support/folder.ts'
import { CONTROLLER, fakeCluster, RELEASE } from './support/cluster.ts'
import { ran } from './support/run.ts'

const view: Record<string, unknown> = {
  endpoint: 'ml/digits',
  port: 0,
  live: { t: 1, inFlight: 2, queued: 1, held: 0, offered: 30, ok: 29, rejected: 1, p95Us: 52_000 },
  learned: { limit: 5, phase: 'steady' },
  replicas: { ready: 2, desired: 3 },
  decisions: [],
  overrides: [{ what: 'replicas', value: '4', who: 'ann', until: null }],
}
const views: Route = {
  at: 'GET /v1/endpoints',
  handle: () => ({ status: 200, json: { at: 1, unready: null, endpoints: [view] } }),
}
const who = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

test.serial('top shows what the controller of the cluster tells', async t => {
  await fakeCluster(t, [views])
  t.deepEqual(await ran(top, '--once', '--cluster'), {
    code: 0,
    err: '',
    out: `ENDPOINT   REPLICAS  LIMIT  IN FLIGHT  WAITING  OFFERED/S  OK/S  429/S    P95
ml/digits       2/3      5          2        1         30    29      1  52 ms
`,
  })
  view.says = ['HorizontalPodAutoscaler ml/h scales it already, so no replicas are set here.']
  const told = await ran(top, '--once', '--cluster')
  t.regex(told.out, /52 ms\n\nml\/digits: HorizontalPodAutoscaler ml\/h scales it already, so no/)
  const json = await ran(top, '--json', '--context', 'fake')
  t.like(JSON.parse(json.out), { endpoints: [{ endpoint: 'ml/digits' }] })
})

test.serial('explain takes the namespace of the context for a plain name', async t => {
  const { asked } = await fakeCluster(t, [
    {
      at: 'GET /v1/explain/:endpoint*',
      handle: ask => {
        if (ask.params.endpoint !== 'ml/digits') throw new Refused(404, 'no decision')
        return { status: 200, json: { endpoint: 'ml/digits', answers: [answer], says } }
      },
    },
  ])
  const told = await ran(explain, 'digits', '--at', '2026-01-31T03:12:00Z', '--cluster')
  t.is(told.code, 0, told.err)
  t.notRegex(told.out, /Now:/)
  const now = await ran(explain, 'digits', '--cluster')
  t.true(now.out.startsWith(`Now: ${says[0]}\nNow: ${says[1]}\n\n`), now.out)
  const json = JSON.parse((await ran(explain, 'digits', '--cluster', '--json')).out) as object
  t.deepEqual(
    { ...json, at: '', answers: [] },
    // A controller of an older version tells no belief.
    { endpoint: 'ml/digits', at: '', answers: [], says, belief: null },
  )
  t.regex(told.out, /ml\/digits {2}replicas: hold at 2\..*\n {2}Nothing asks for a change/)
  t.is(asked[0]?.what, `GET /v1/explain/ml/digits?at=${Date.parse('2026-01-31T03:12:00Z')}`)
  t.deepEqual(await ran(explain, 'other/digits', '--cluster'), {
    code: 8,
    out: '',
    err: 'The controller says: no decision.',
  })
})

const says = ['no more pods: FailedCreate: exceeded quota.', 'ann set freeze to "replicas".']
const answer = {
  newest: {
    id: 'i',
    seq: 7,
    time: '2026-01-31T03:11:58.000Z',
    endpoint: 'ml/digits',
    what: 'replicas',
    headline: 'replicas: hold at 2.',
    inputs: [],
    proposals: [],
    bounds: [],
    outcome: 'Hold.',
    reasons: [{ code: 'steady', sentence: 'Nothing asks for a change.', help: '' }],
  },
  repeated: null,
  change: null,
}

test.serial('top says what to do where there is no endpoint yet', async t => {
  const none = { at: 1, unready: null, endpoints: [] }
  await fakeCluster(t, [{ at: 'GET /v1/endpoints', handle: () => ({ status: 200, json: none }) }])
  const { out } = await ran(top, '--once', '--cluster')
  t.regex(
    out,
    /\n\nNo endpoint yet: .*outrigger\.dev\/inject: "true".*\(docs\/kubernetes\.md\)\.\n$/,
  )
})

test.serial('override is asked for by whom the cluster knows, and shown', async t => {
  let refused = false
  const { api, asked } = await fakeCluster(t, [
    views,
    {
      at: 'PUT /v1/overrides/:endpoint*',
      handle: () => {
        if (refused)
          throw new Refused(
            409,
            'replicas of ml/digits is set on the platform (ann): change it there',
          )
        return { status: 200, json: {} }
      },
    },
    { at: 'DELETE /v1/overrides/:endpoint*', handle: () => ({ status: 200, json: [] }) },
  ])
  const review = { status: { userInfo: { username: 'jane@example.com' } } }
  api.fault = ({ path }) => (path === who ? { status: 201, body: JSON.stringify(review) } : null)
  const set = await ran(override, 'digits', 'replicas=4', '--for', '10m', '--cluster')
  t.is(set.out, 'ml/digits: replicas is 4 until it is cleared (set by ann).\n', set.err)
  const json = { what: 'replicas', value: '4', for: '10m', who: 'jane@example.com' }
  t.deepEqual(asked[0], { what: 'PUT /v1/overrides/ml/digits?', json })
  const before = asked.length
  const wrong = await ran(override, 'digits', 'replicas=5', 'fixed-limit', '--cluster')
  t.like(wrong, { code: 2, err: "Write SETTING=VALUE, got 'fixed-limit'." })
  t.is(asked.length, before, 'none is set where one can not be')
  await ran(override, 'digits', '--clear', 'replicas', '--who', 'me', '--cluster')
  t.is(asked.at(-2)?.what, 'DELETE /v1/overrides/ml/digits?what=replicas&who=me')
  refused = true
  t.deepEqual(await ran(override, 'digits', 'replicas=4', '--cluster'), {
    code: 1,
    out: '',
    err: 'The controller says: replicas of ml/digits is set on the platform (ann): change it there.',
  })
})

test.serial('decisions list reads page after page', async t => {
  const line = (seq: number): string => `${JSON.stringify(decision(seq))}\n`
  const { asked } = await fakeCluster(t, [
    {
      at: 'GET /v1/log',
      handle: ask => {
        const since = Number(ask.query.get('since'))
        const body =
          since === 0 ? Array.from({ length: 1000 }, (_, i) => line(i + 1)).join('') : line(1001)
        return { status: 200, body, type: 'application/x-ndjson' }
      },
    },
  ])
  const listed = await ran(
    decisions,
    'list',
    '--cluster',
    '--since',
    '2020-01-01',
    '--endpoint',
    'digits',
  )
  t.is(listed.code, 0, listed.err)
  t.is(listed.out.trim().split('\n').length, 1001)
  const time = Date.parse('2020-01-01')
  t.deepEqual(
    asked.map(({ what }) => what),
    [0, 1000].map(since => `GET /v1/log?since=${since}&time=${time}&limit=1000`),
  )
})

function decision(seq: number): object {
  const outcome = { action: 'hold', from: 2, to: 2, act: true, order: null, victims: [] }
  const body = {
    now: 1_700_000_000_000,
    endpoint: 'ml/digits',
    what: 'replicas',
    outcome,
    reasons: [],
  }
  return {
    seq,
    id: `id-${seq}`,
    time: 1_700_000_000_000,
    epoch: 1,
    prev: '',
    kind: 'decision',
    body,
  }
}

test.serial('what stands in the way is said in words, with an exit code', async t => {
  const { api } = await fakeCluster(t, [views])
  const status = (code: number, message: string): { status: number; body: string } => ({
    status: code,
    body: JSON.stringify({ kind: 'Status', code, message }),
  })
  const once = async (...args: string[]): Promise<string> => {
    const { code, err } = await ran(top, '--once', ...args)
    return `${code} ${err}`
  }
  t.is(
    await once('--namespace', 'nowhere'),
    '6 There is no Outrigger in namespace nowhere. Name its namespace with --namespace, or install it: docs/install.md.',
  )
  api.store.put('/api/v1/namespaces/other/services/outrigger-controller', {
    metadata: {
      name: 'outrigger-controller',
      labels: {
        'app.kubernetes.io/name': 'outrigger',
        'app.kubernetes.io/component': 'controller',
      },
    },
  })
  t.regex(await once('--namespace', 'nowhere'), /It is in other: --namespace other$/)
  t.regex(await once('--context', 'none'), /^2 The kubeconfig has no context 'none'.* It has fake/)
  t.regex(await once('--url', 'http://x', '--cluster'), /^2 --url and --state name a controller/)

  const url = api.proxies.get(CONTROLLER) as string
  api.proxies.delete(CONTROLLER)
  t.is(
    await once('--cluster'),
    '6 No controller of outrigger-system leads now (no endpoints available for service "outrigger-controller:15040"): ' +
      'one takes over within 20 s. If it goes on, see: outrigger check --namespace outrigger-system',
  )
  api.proxies.set(CONTROLLER, url)
  api.fault = ({ path }) =>
    path.includes('/proxy/')
      ? status(403, 'services "outrigger-controller:15040" is forbidden')
      : null
  t.is(
    await once('--cluster'),
    '9 The cluster does not let you (services "outrigger-controller:15040" is forbidden). Missing in a Role of namespace ' +
      'outrigger-system: {"apiGroups":[""],"resources":["services/proxy"],"resourceNames":["outrigger-controller:15040"],"verbs":["get"]}',
  )
  api.fault = ({ path }) => (path.endsWith('/outrigger-token') ? status(403, 'no') : null)
  t.regex(
    await once('--cluster'),
    /^9 .*"resources":\["secrets"\],"resourceNames":\["outrigger-token"\]/,
  )
  api.fault = () => status(401, 'Unauthorized')
  t.regex(await once('--cluster'), /^9 The API server of fake does not know you/)
  api.fault = () => null
  const hangs = await clusterWay(await openCluster('fake'), 'outrigger-system', 50)
  api.fault = () => 'hang'
  await t.throwsAsync(ask(hangs, 'GET', '/v1/endpoints'), {
    message: /^The controller of outrigger-system does not answer \(no answer within 50 ms\)/,
  })
  api.fault = () => 'reset'
  t.regex(await once('--cluster'), /^6 The API server of fake can't be reached/)
  api.fault = () => null
  api.store.put(`${RELEASE}/secrets/outrigger-token`, { metadata: { name: 'outrigger-token' } })
  t.regex(await once('--cluster'), /^6 No controller of outrigger-system has started yet/)
})

test.serial('without a kubeconfig and a state folder, both are told', t => {
  const home = folder(t)
  const main = new URL('../../cli/main.ts', import.meta.url).pathname
  const env = { ...process.env, HOME: home, KUBECONFIG: '' }
  const run = (...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [main, ...args], { cwd: home, env, encoding: 'utf8' })
  const top = run('top')
  t.is(top.status, 6)
  t.regex(top.stderr, /^No controller is known: there is no \.outrigger\/platform\.json/)
  const check = run('check', '--cluster')
  t.is(check.status, 6)
  t.regex(check.stderr, /^No cluster is known: KUBECONFIG is not set/)
})
