import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { fill } from '../../../bench/path/fill.ts'
import { applies, chosen, payloads, proxyNames, SMALL } from '../../../bench/path/payloads.ts'
import { edgeCommand, productCommand } from '../../../bench/path/product.ts'
import { resultOf } from '../../../bench/path/result.ts'
import { median, Rows, spread, type Point, type Row } from '../../../bench/path/rows.ts'
import { aligned, number, report } from '../../../bench/path/table.ts'
import { run as image } from '../../../scripts/image-config.ts'

const direct = { p50: 40, p99: 100, p999: 200 }
const point = (added: number): Point => ({
  rate: 1000,
  errors: 0,
  load: 0.5,
  direct,
  p50: 40 + added / 2,
  p99: 100 + added,
  p999: 200 + 2 * added,
})

function row(proxy: Row['proxy'], round: number, cpuUs: number, more: Partial<Row> = {}): Row {
  return {
    payload: '31B',
    proxy,
    round,
    cpuUs,
    instructions: null,
    perSecond: 1e6 / cpuUs,
    core: 1,
    errors: 0,
    rss: 80e6,
    pss: 50.04e6,
    dirty: 30e6,
    points: {},
    ...more,
  }
}

test('medians: of none, of an odd and of an even count; the range beside it', t => {
  t.is(median([]), NaN)
  t.is(median([3, 1, 2]), 2)
  t.is(median([4, 1, 2, 3]), 2.5)
  t.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, most: 3 })
})

test('a ratio is taken within each round: a slow minute of the machine counts for both', t => {
  // All of the second round took three times as long.
  const cpu = { nginx: [10, 30, 10], outrigger: [15, 45, 16] }
  const all = Object.entries(cpu).flatMap(([proxy, values]) =>
    values.map((value, round) => row(proxy as Row['proxy'], round, value)),
  )
  const ratio = new Rows(all).cpuRatio('31B', 'outrigger', 'nginx')
  t.deepEqual(ratio, { median: 1.5, least: 1.5, most: 1.6 })
  t.is(new Rows(all).cpuRatio('31B', 'outrigger', 'haproxy'), null)
})

test('the result: medians of ours, the worse of both points of load, and nothing that was not measured', t => {
  const rows = [
    row('nginx', 0, 20, { points: { half: point(100), two: point(50) } }),
    row('undici', 0, 50),
    row('outrigger', 0, 30, { points: { half: point(120), two: point(90) } }),
    row('nginx', 0, 10, { payload: 'grpc' }),
  ]
  t.deepEqual(resultOf(new Rows(rows), 'abc', 5), {
    commit: 'abc',
    rounds: 5,
    payloads: {
      '31B': {
        cpuVsNginx: 1.5,
        cpuVsUndici: 0.6,
        addedP99Ms: 0.12,
        addedP99VsNginx: 1.8,
        rssMb: 80,
        pssMb: 50,
      },
    },
  })
})

test('latencies are left out where the load had no room for either of both', t => {
  const full = { ...point(500), load: 0.95 }
  const rows = [
    row('nginx', 0, 20, { points: { half: full, two: point(50) } }),
    row('outrigger', 0, 30, { points: { half: point(900), two: point(60) } }),
  ]
  t.is(resultOf(new Rows(rows), 'abc', 1).payloads['31B']?.addedP99VsNginx, 1.2)
})

test('no ratio of latencies where nginx adds next to nothing', t => {
  const rows = [
    row('nginx', 0, 20, { points: { two: point(1) } }),
    row('outrigger', 0, 30, { points: { two: point(90) } }),
  ]
  const { payloads: told } = resultOf(new Rows(rows), 'abc', 1)
  t.is(told['31B']?.addedP99VsNginx, undefined)
  t.is(told['31B']?.addedP99Ms, 0.09)
})

test('the table has a line for each proxy, ratios, and both hops of ours beside both of nginx', t => {
  const rows = [
    row('nginx', 0, 20, { points: { half: point(100) } }),
    row('nginx-twice', 0, 40),
    row('outrigger-chain', 0, 60, { points: { half: point(150) } }),
  ]
  const text = report(new Rows(rows), '31B')
  t.regex(text, /^nginx-twice +40\.0 +2\.00 +2\.00\.\.2\.00 +25000 +100 %/m)
  t.regex(text, /^edge and sidecar together: 3\.00 x nginx, 1\.50 x nginx twice$/m)
  t.regex(text, /^outrigger-chain .* 1\.50 +1\.50 +50 % +0$/m)
  t.notRegex(text, /NaN|undefined|instr/)
})

test('columns are as wide as their longest cell, and numbers have three digits or so', t => {
  const lines = aligned([
    ['a', 'long', 'x'],
    ['bcd', '1', ''],
  ])
  t.is(lines, 'a    long  x\nbcd     1')
  t.deepEqual([1.234, 12.34, 1234.5, -0.5, NaN].map(number), ['1.23', '12.3', '1235', '-0.50', ''])
})

test('names are chosen from the list, in its order; others are refused', t => {
  t.deepEqual(chosen('--only', '', proxyNames), [...proxyNames])
  t.deepEqual(chosen('--only', 'undici, nginx', proxyNames), ['nginx', 'undici'])
  t.throws(() => chosen('--only', 'envoy', proxyNames), { message: /--only: expected .*got envoy/ })
  t.true(
    applies('http2-relay', 'grpc') && !applies('undici', 'grpc') && !applies('http2-relay', '31B'),
  )
})

test('the small body has 31 bytes; each payload says something else', t => {
  t.is(Buffer.byteLength(SMALL), 31)
  t.is(new Set(Object.values(payloads).map(({ says }) => says)).size, Object.keys(payloads).length)
})

test('ours is started as the image and the chart start it', t => {
  const root = '/tree'
  t.deepEqual(productCommand(['node', '--flag=2', '/app/dist/cli/main.js'], root), [
    process.execPath,
    '--flag=2',
    '/tree/dist/cli/main.js',
  ])
  t.true(productCommand(image.Entrypoint, root).at(-1)?.startsWith('/tree/dist/'))
  const manifests = new URL('../../../deploy/manifests/outrigger.yaml', import.meta.url)
  t.regex(edgeCommand(readFileSync(manifests, 'utf8')).join(' '), /node .*\/app\/dist\//)
  t.throws(() => edgeCommand('args: [edge]'), { message: /expected the command/ })
})

test('every place of a configuration is filled, or it is not written', t => {
  const values = {
    folder: '/f',
    name: 'n',
    port: 1,
    upstream: 2,
    small: SMALL,
    buffering: 'on',
    proto: '',
  }
  const folder = new URL('../../../bench/path/config/', import.meta.url)
  for (const name of readdirSync(folder)) {
    const filled = fill(readFileSync(new URL(name, folder), 'utf8'), values)
    t.notRegex(filled, /\{\{|\}\}/, name)
  }
  t.throws(() => fill('{{port}} {{other}}', values), { message: /\{\{other\}\}/ })
})
