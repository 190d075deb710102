import { readFileSync } from 'node:fs'
import test from 'ava'
import { readPlan } from '../../local/file.ts'

const page = readFileSync('docs/gpu.md', 'utf8')
const { device, results } = readResults('gpu.json')
interface Result {
  learned: number
  sweep: { limit: number; good: number; ok: number; p95Ms: number }[]
  duel: { best: number; rounds: { learned: number; best: number }[] }
  ratio: number
  client: Record<string, number>
}

function readResults(file: string): { device: string; results: Record<string, Result> } {
  return JSON.parse(readFileSync(`bench/results/${file}`, 'utf8')) as ReturnType<typeof readResults>
}

test('the page tells the figures that were measured', t => {
  const { learned, sweep, duel, ratio, client } = results['encoder'] ?? t.fail('no encoder')
  const [card = '', driver = ''] = device.replace(/^NVIDIA /, '').split(', ')
  t.true(page.includes(`${card}, driver ${driver}`))
  const [swept, inTurns] = tables(page).slice(1)
  t.deepEqual(
    swept?.map(row => row.slice(0, 4)),
    sweep.map(({ limit, ok, good, p95Ms }) => [
      ...[limit, ok, good].map(value => String(Math.round(value))),
      `${Math.round(p95Ms)} ms`,
    ]),
  )
  t.true(page.includes(`**Learned: ${learned}**`))
  t.true(page.includes(`Against ${duel.best}, the best of the sweep`))
  t.deepEqual(
    inTurns?.slice(0, -1),
    duel.rounds.map((round, i) => [
      ...[i + 1, Math.round(round.learned), Math.round(round.best)].map(String),
      (round.learned / round.best).toFixed(2),
    ]),
  )
  t.is(inTurns?.at(-1)?.at(-1), ratio.toFixed(2))
  for (const count of ['sent', 'ok', 'rejected'])
    t.true(page.includes((client[count] ?? 0).toLocaleString('en-US')), count)
})

test('and those of the run without an objective and with a language model', t => {
  const { untold, llm } = readResults('gpu-untold-llm.json').results
  if (untold === undefined || llm === undefined) return t.fail('no results')
  const mean = ({ sweep }: Result, limit: number, of: 'ok' | 'good' | 'p95Ms'): number => {
    const there = sweep.filter(at => at.limit === limit)
    return there.reduce((sum, at) => sum + at[of], 0) / there.length
  }
  t.deepEqual(
    tables(page)[3],
    [4, 16, 48, 96].map(limit => [
      String(limit),
      mean(untold, limit, 'ok').toFixed(0),
      `${mean(untold, limit, 'p95Ms').toFixed(0)} ms`,
      mean(llm, limit, 'ok').toFixed(1),
      mean(llm, limit, 'good').toFixed(1),
      `${(mean(llm, limit, 'p95Ms') / 1000).toFixed(2)} s`,
    ]),
  )
  t.true(page.includes(`learned ${untold.learned}**`) && page.includes(`was at ${llm.learned} `))
  for (const { ratio } of [untold, llm]) t.true(page.includes(ratio.toFixed(2)))
  const sent = [untold, llm].reduce((sum, { client }) => sum + (client['sent'] ?? 0), 0)
  t.true(page.includes(`None of ${sent.toLocaleString('en-US')} requests failed`))
  t.deepEqual([untold.client['failed'], llm.client['failed']], [0, 0])
})

/** Cells of each table of the page, without its head. */
function tables(text: string): string[][][] {
  return [...text.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map(row =>
        row
          .split('|')
          .slice(1, -1)
          .map(cell => cell.trim()),
      ),
  )
}

test('the example and its bench run servers that are there, with settings that they read', t => {
  const readme = readFileSync('examples/gpu-batching/README.md', 'utf8')
  for (const file of ['examples/gpu-batching/outrigger.yaml', 'bench/models/gpu.yaml']) {
    const read = readPlan(file)
    if (!('plan' in read)) return t.fail(read.errors.join('\n'))
    t.true(read.plan.endpoints.length > 0)
    for (const { directory, command, ready } of read.plan.endpoints) {
      const server = readFileSync(`${directory}/${command[1]}`, 'utf8')
      t.true(server.includes(`web.get('${ready}'`), `${command[1]} answers ${ready}`)
      for (const [, name] of server.matchAll(/environ\.get\('(\w+)'/g))
        if (name !== 'HOST' && name !== 'PORT') t.true(readme.includes(`\`${name}\``), name)
    }
  }
})
