import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { EndpointView } from '../../controller/view.ts'
import { call } from '../../core/runtime/call.ts'
import { closedLoop, openLoop, pause, until, type Wanted } from './client.ts'
import { outrigger, pidOf, startRun, type Run } from './run.ts'

/**
 * The whole loop with real processes: limits learned, a surge absorbed, processes killed, nothing lost.
 * The tests share one run and follow one another.
 */
const images = (
  JSON.parse(readFileSync('examples/three-models/digits/requests.json', 'utf8')) as unknown[]
)[0]
let run: Run
const digits = (): Wanted => ({ url: run.url('digits'), path: '/v1/predict', body: images })
const agent = (): Wanted => ({
  url: run.url('agent'),
  path: '/v1/run',
  body: { question: 'Which train leaves first?' },
})

test.before(async () => {
  run = await startRun('test/e2e/loop.yaml')
})

function limitOf(name: string): number {
  return (
    run
      .decisions()
      .findLast(({ body }) => body.endpoint === `local/${name}` && body.what === 'limit')?.body
      .outcome.to ?? 0
  )
}

test.serial('the limit of digits is learned, and no fixed limit does much better', async t => {
  t.timeout(300_000)
  const load = closedLoop(digits(), 48)
  t.teardown(() => load.stop())
  await until('a learned limit', 120_000, () => isLearned('digits'))
  const learned = limitOf('digits')
  const at = async (limit: number): Promise<number> => {
    await override(t, `fixed-limit=${limit}`, '--for', '10m')
    await until(
      `limit ${limit} in force`,
      15_000,
      async () => (await effective('digits')) === limit,
    )
    await pause(1000)
    return goodIn('digits', 4)
  }
  const sweep = new Map<number, number>()
  for (const limit of [1, 2, 4, 8, 16, 32]) sweep.set(limit, await at(limit))
  const [best = 0] = [...sweep].toSorted(([, a], [, b]) => b - a)[0] ?? []
  digitsBest = best
  // The best of a sweep was lucky, too: a duel in turns on the same machine tells more than its figure.
  const duel = { learned: 0, best: 0 }
  for (let round = 0; round < 4; round++) {
    duel.learned += await at(learned)
    duel.best += await at(best)
  }
  const tally = await load.stop()
  await override(t, '--clear')
  const rounded = [...sweep].map(([limit, good]) => `${limit}: ${Math.round(good)}/s`).join(', ')
  t.log(
    `learned ${learned}; sweep ${rounded}; in turns ${Math.round(duel.learned / 4)}/s against ${Math.round(duel.best / 4)}/s at ${best}`,
  )
  t.true(duel.learned >= 0.9 * duel.best)
  t.deepEqual([tally.failed, tally.lost, tally.other], [0, 0, 0], tally.words.join('\n'))
  await until('the learned limit is back', 15_000, () => limitOf('digits') === learned)
})

async function override(t: ExecutionContext, ...args: string[]): Promise<void> {
  const { code, err } = await outrigger(['override', 'local/digits', ...args, '--state', run.state])
  t.is(code, 0, err)
}

/** Past the cold start, and compared with its neighbours since. */
async function isLearned(name: string): Promise<boolean> {
  const { json } = await call('GET', `${run.places.controller}/v1/endpoints`)
  const { endpoints } = json as { endpoints: EndpointView[] }
  const view = endpoints.find(({ endpoint }) => endpoint === `local/${name}`)
  const compared = run
    .decisions()
    .filter(({ body }) => body.endpoint === `local/${name}` && body.what === 'limit')
    .filter(({ body }) =>
      body.reasons.some(({ code }) =>
        ['slope-up', 'slope-down', 'flat', 'probe-start'].includes(code),
      ),
    )
  return view?.learned.phase === 'steady' && compared.length >= 2
}

async function effective(name: string): Promise<number> {
  const { replicas } = await run.windows(name)
  return Math.min(...replicas.map(row => row.effective))
}

/** Good answers a second over the next `seconds`: successes within the objective, by the sidecars' samples. */
async function goodIn(name: string, seconds: number): Promise<number> {
  let good = 0
  let seen = (await run.windows(name)).at
  for (let second = 0; second < seconds;) {
    const now = await run.windows(name)
    if (now.at > seen) {
      const window = now.windows['1']?.replicas
      if (window !== undefined) good += window.completed.ok - window.late
      seen = now.at
      second++
    }
    await pause(100)
  }
  return good / seconds
}

test.serial(
  'a surge on the agent scales it up within two ticks, and its limit grows past 20 of digits',
  async t => {
    t.timeout(420_000)
    const load = openLoop(agent(), 80)
    t.teardown(() => load.stop())
    await until('a limit for this load', 90_000, () => limitOf('agent') >= 32)
    load.rate(15)
    await until('a calm agent with one replica', 90_000, async () => (await ready('agent')) === 1)
    const surge = run.decisions().at(-1)?.body.now ?? 0
    load.rate(450)
    const up = await until(
      'a decision for more replicas',
      15_000,
      () =>
        run
          .decisions()
          .find(
            ({ body }) =>
              body.endpoint === 'local/agent' && body.now > surge && body.outcome.action === 'up',
          ) ?? null,
    )
    t.true(up.body.now - surge <= 11_000, `${up.body.now - surge} ms after the surge began`)
    await until('more ready replicas', 20_000, async () =>
      (await ready('agent')) > 1 ? true : null,
    )
    await until(
      'a limit at least 20 times what digits needs',
      120_000,
      // On some machines digits does as well at 18 as at its best 4: what it needs is what tells the two apart.
      () => limitOf('agent') >= 20 * Math.min(limitOf('digits'), digitsBest),
    )
    load.rate(10)
    await until('fewer replicas again', 90_000, async () => (await ready('agent')) === 1)
    const tally = await load.stop()
    t.deepEqual([tally.failed, tally.lost, tally.other], [0, 0, 0], tally.words.join('\n'))
    t.is(tally.ok + tally.rejected, tally.sent)
  },
)

/** The fixed limit at which digits did best. */
let digitsBest = Infinity

async function ready(name: string): Promise<number> {
  const { endpoints } = await run.platform()
  return (
    endpoints
      .find(({ endpoint }) => endpoint === `local/${name}`)
      ?.replicas.filter(({ state }) => state === 'ready').length ?? 0
  )
}

test.serial('kill -9 of aggregator and controller in turn: no request is lost', async t => {
  t.timeout(120_000)
  const load = openLoop(agent(), 60)
  t.teardown(() => load.stop())
  await pause(3000)
  for (const name of ['aggregator', 'controller']) {
    const pid = pidOf(run.pid, name)
    process.kill(pid, 'SIGKILL')
    await until(`${name} is back`, 20_000, () => back(name, pid))
    await pause(6000)
  }
  const before = run.decisions().length
  await until('decisions go on', 20_000, () => run.decisions().length > before + 2)
  const tally = await load.stop()
  t.deepEqual(
    [tally.failed, tally.lost, tally.rejected, tally.other],
    [0, 0, 0, 0],
    tally.words.join('\n'),
  )
  t.is(tally.ok, tally.sent)
})

function back(name: string, not: number): boolean {
  try {
    return pidOf(run.pid, name) !== not
  } catch {
    return false
  }
}

test.serial('kill -9 of a sidecar loses at most what was in flight in that replica', async t => {
  t.timeout(120_000)
  const load = openLoop(agent(), 60)
  t.teardown(() => load.stop())
  await pause(3000)
  const { endpoints } = await run.platform()
  const victim = endpoints
    .find(({ endpoint }) => endpoint === 'local/agent')
    ?.replicas.find(({ state }) => state === 'ready')
  if (victim === undefined) return t.fail('no ready replica')
  const pid = pidOf(run.pid, 'sidecar', victim.replica)
  const before = { ...load.tally }
  process.kill(pid, 'SIGKILL')
  // Nothing was given to that replica but what had no answer yet, and what the edge wrote to its sockets
  // in the moment before their end was known.
  await pause(100)
  const open = load.tally.sent - before.ok - before.rejected
  await until('the sidecar is back', 30_000, async () => (await ready('agent')) > 0)
  await pause(5000)
  const tally = await load.stop()
  t.log(`${tally.failed + tally.lost} of ${tally.sent} lost; ${open} were open at the kill`)
  t.true(tally.failed + tally.lost <= open, tally.words.join('\n'))
  t.is(tally.ok + tally.rejected + tally.failed + tally.lost, tally.sent)
})

test.serial('the log verifies, replays to the same bytes, and explains a decision', async t => {
  t.timeout(60_000)
  const explained = await outrigger(['explain', 'local/agent', '--state', run.state])
  t.is(explained.code, 0, explained.err)
  t.regex(explained.out, /replicas|limit/)
  t.regex(explained.out, /what is believed of the limit[^]*One replica may hold \d+ requests/)
  t.regex(explained.out, /against requests in flight[^]*\^ limit \d/)
  const { code, summary, err } = await run.stop()
  t.is(code, 0, err)
  t.true(summary.log.verified)
  t.true((summary.endpoints['agent']?.decisions ?? 0) > 0)
  t.true((summary.endpoints['agent']?.replicas.max ?? 0) > 1)
  const replayed = await outrigger(['decisions', 'replay', '--state', run.state])
  t.is(replayed.code, 0, replayed.err + replayed.out)
})

test.after.always(() => {
  try {
    process.kill(run.pid, 'SIGTERM')
  } catch {
    // It ended as it should.
  }
})
