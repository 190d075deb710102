import { readFileSync } from 'node:fs'
import test from 'ava'
import { ALGORITHM, decide } from '../../controller/decide/decide.ts'
import { Memory } from '../../controller/memory.ts'
import { tick, type Desk, type Sight } from '../../controller/tick.ts'
import { LONGEST_RECORD } from '../../core/model/decision.ts'
import { canonical } from '../../core/model/canonical.ts'
import type { ArmFold } from '../../core/model/windows.ts'
import { defaults } from '../../core/model/settings.ts'
import { Fleet, START } from './support/fleet.ts'
import { bench } from './support/hour.ts'
import { folder } from './support/folder.ts'

function sightOf(fleet: Fleet, memory: Memory, folds: ArmFold[] = []): Sight {
  const windows = fleet.second(START, null)
  const remembered = memory.of(fleet.endpoint, 'rev-1', defaults)
  const observed = {
    windows,
    windowAgeMs: 100,
    platform: fleet.row(START),
    platformVersion: 1,
    now: START,
    since: null,
    overrides: [],
    activate: false,
  }
  return { remembered, observed, folds, due: ['replicas', 'limit'] }
}

/** A desk that writes down what happens, in order. */
function desk(events: string[], sights: Sight[], fails = false): Desk {
  return {
    observe: () => (events.push('observe'), sights),
    algorithm: { name: ALGORITHM, decide: (...args) => (events.push('decide'), decide(...args)) },
    async record(made) {
      events.push('record')
      await new Promise(resolve => setImmediate(resolve))
      if (fails) throw new Error('no space left')
      events.push('durable')
      return made.map(({ body }, i) => ({
        v: 1,
        seq: i + 1,
        id: `id-${i}`,
        time: START,
        epoch: 3,
        prev: '',
        kind: 'decision',
        body,
      }))
    },
    pause: () => Promise.resolve(void events.push('pause')),
    skip: endpoint => void events.push(`skip ${endpoint}`),
    publish: () => void events.push('publish'),
    act: () => void events.push('act'),
  }
}

test('nothing is kept, published or acted on before it is durable', async t => {
  const memory = new Memory()
  const events: string[] = []
  const sight = sightOf(new Fleet('local/a', 1, () => 5), memory)
  const { state } = sight.remembered
  const running = tick(START, desk(events, [sight]))
  t.is(sight.remembered.state, state)
  await running
  t.deepEqual(events, ['observe', 'decide', 'decide', 'record', 'durable', 'publish', 'act'])
  t.not(sight.remembered.state, state)
  t.like(sight.remembered.order, { epoch: 3, n: 1, decision: 'id-1' })
})

test('where recording fails nothing is kept, published or done', async t => {
  const events: string[] = []
  const sight = sightOf(new Fleet('local/a', 1, () => 5), new Memory())
  const { state } = sight.remembered
  await t.throwsAsync(tick(START, desk(events, [sight], true)), { message: /no space/ })
  t.deepEqual(events, ['observe', 'decide', 'decide', 'record'])
  t.is(sight.remembered.state, state)
  t.is(sight.remembered.order, null)
})

test('an endpoint that nothing can be decided about costs the others nothing', async t => {
  const events: string[] = []
  const memory = new Memory()
  const good = sightOf(new Fleet('local/a', 1, () => 5), memory)
  const bad = sightOf(new Fleet('local/b', 1, () => 5), memory)
  const broken = {
    ...bad,
    observed: {
      ...bad.observed,
      get windows(): never {
        throw new Error('broken')
      },
    },
  }
  const decisions = await tick(START, desk(events, [broken, good]))
  t.deepEqual(
    decisions.map(({ body }) => body.endpoint),
    ['local/a', 'local/a'],
  )
  t.deepEqual(events.slice(0, 2), ['observe', 'skip local/b'])
})

test('of a large fleet others have their turn between decisions', async t => {
  const events: string[] = []
  const memory = new Memory()
  const sights = Array.from({ length: 45 }, (_, i) =>
    sightOf(new Fleet(`local/a${i}`, 1, () => 5), memory),
  )
  await tick(START, desk(events, sights))
  const pauses = events.flatMap((event, i) =>
    event === 'pause' ? [events.slice(0, i).filter(each => each === 'decide').length] : [],
  )
  t.deepEqual(pauses, [40, 80])
})

test('a wish for replicas outlives ticks that decide nothing', async t => {
  const fleet = new Fleet('local/a', 1, () => 0)
  const made = await bench(folder(t), [fleet])
  await made.run(1)
  fleet.scale(0, START)
  t.true(made.activate('local/a'))
  const second = fleet.second.bind(fleet)
  fleet.second = (now, order) =>
    Object.defineProperty(second(now, order), 'replicas', {
      get() {
        throw new Error('broken')
      },
    })
  await made.run(2)
  t.is(fleet.row(START).desired, 0)
  t.is(made.said.length, 1, 'said once')
  fleet.second = second
  await made.run(1)
  t.is(fleet.row(START).desired, 1)
  await made.close()
})

test('docs/decision.md lists the steps in the order of the code', t => {
  const code = readFileSync(new URL('../../controller/tick.ts', import.meta.url), 'utf8')
  const docs = readFileSync(new URL('../../docs/decision.md', import.meta.url), 'utf8')
  const coded = [...code.matchAll(/^ *\/\/ (\d \w+)$/gm)].map(match => match[1])
  const documented = [...docs.matchAll(/^## (\d \w+)$/gm)].map(match => match[1])
  t.is(coded.length, 6)
  t.deepEqual(documented, coded)
})

test('a decision about a huge fleet with all its evidence fits a record', async t => {
  const fleet = new Fleet('local/huge', 1, () => 5000)
  fleet.scale(2000, START - 60_000)
  const order = {
    v: 1,
    endpoint: 'local/huge',
    revision: 'rev-1',
    limit: 5,
    objectiveUs: null,
  } as const
  const more = {
    probe: { other: 6, slotSeconds: 4, settleSeconds: 1 },
    latePermille: 50,
    queueUs: 1,
  }
  let folds: ArmFold[] = []
  for (let s = 0; s < 60; s++) {
    const full = { ...order, ...more, epoch: 1, n: 1, decision: 'd', issued: 1 }
    folds = fleet.second(START + s * 1000, full).folds['rev-1'] ?? []
  }
  const wide = Array.from({ length: 1200 }, (_, i) => (i % 2 === 0 ? i / 2 : 12_345))
  folds = folds.map(fold => ({ ...fold, service: { ...fold.service, histogram: wide } }))
  const sight = sightOf(fleet, new Memory(), folds)
  const [replicas, limit] = await tick(START + 60_000, desk([], [sight]))
  for (const decision of [replicas, limit]) {
    t.true(Buffer.byteLength(canonical(decision?.body)) < LONGEST_RECORD - 300)
  }
  t.is(replicas?.body.inputs.outliers.length, 32)
  t.true((limit?.body.inputs.folds.length ?? 0) > 3, 'the newest evidence stays')
  t.deepEqual(limit?.body.inputs.folds.at(-1), folds.at(-1))
})

test('a disk that fills stops acting for good; what was decided before stands in the log', async t => {
  const stateDir = folder(t)
  let full = false
  const handle = (await import('node:fs/promises')).open
  const first = await bench(stateDir, [new Fleet('local/a', 1, () => 50)], {
    openFile: async path => {
      const file = await handle(path, 'a')
      return {
        appendFile: async data => {
          if (full) throw new Error('ENOSPC')
          await file.appendFile(data)
        },
        datasync: () => file.datasync(),
        close: () => file.close(),
      }
    },
  })
  await first.run(60)
  const { acted } = first
  const count = acted.length
  full = true
  await t.throwsAsync(first.run(60), { message: /ENOSPC/ })
  t.is(acted.length, count)
  full = false
  await t.throwsAsync(first.run(1), { message: /ENOSPC/ }, 'space that comes back changes nothing')
  t.regex(first.journal.ledger.failed ?? '', /can't be written: ENOSPC/)
  await first.close()
})
