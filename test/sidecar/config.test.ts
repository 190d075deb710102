import { readFileSync } from 'node:fs'
import test from 'ava'
import { readConfig } from '../../sidecar/config.ts'
import { BadConfig } from '../../core/runtime/environment.ts'
import { otelVariables, variables, type Variable } from '../../sidecar/env-table.ts'
import { environment } from './support.ts'

const page = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')

test('the defaults are those of the table', t => {
  const given = environment('127.0.0.1:8000', '/state')
  delete given['OUTRIGGER_TRAFFIC']
  delete given['OUTRIGGER_GPUS']
  const config = readConfig(given)
  t.deepEqual(config.traffic, [{ host: '::', port: 15080 }])
  t.deepEqual(config.app, { host: '127.0.0.1', port: 8000 })
  t.is(config.firstLimit, 2)
  t.is(config.firstQueueUs, 2_000_000)
  t.is(config.cpuQuota, null)
  t.is(config.gpus, null)
  t.deepEqual([...config.healthPaths], ['/healthz', '/readyz', '/health', '/livez', '/ping'])
  t.is(config.otel, null)
  t.is(readConfig({ ...given, OUTRIGGER_OBJECTIVE_MS: '200' }).firstLimit, 4)
})

test('every error at once, each with what was expected and what was got', t => {
  const error = t.throws(
    () =>
      readConfig({
        ...environment('127.0.0.1:8000', '/state'),
        OUTRIGGER_ENDPOINT: 'Digits',
        OUTRIGGER_ROOT_KEY: '',
        OUTRIGGER_APP: '8000',
        OUTRIGGER_ADMIN: '127.0.0.1:70000',
        OUTRIGGER_FIRST_LIMIT: '0',
        OUTRIGGER_CPU_QUOTA: '1.5',
        OUTRIGGER_READY_PATH: 'ready',
        OUTRIGGER_HEALTH_PATHS: '/a,b',
        OUTRIGGER_METRICS_URL: 'ftp://x',
        OUTRIGGER_PARENT: 'tty',
        OUTRIGGER_DRAIN_MAX: '2000',
      }),
    { instanceOf: BadConfig },
  )
  t.is(error.issues.length, 11)
  t.regex(error.message, /OUTRIGGER_ENDPOINT: expected namespace\/name .*, got "Digits"/)
  t.regex(error.message, /OUTRIGGER_ROOT_KEY: expected .*, got nothing/)
  t.regex(error.message, /DRAIN_MIN: expected at most OUTRIGGER_DRAIN_MAX \(2000\), got 3000/)
  t.regex(error.message, /OUTRIGGER_FIRST_LIMIT: expected an integer from 1 to 100000, got "0"/)
})

test('where to listen, as Kubernetes gives the addresses of a pod', t => {
  const read = (traffic: string) =>
    readConfig({ ...environment('127.0.0.1:8000', '/state'), OUTRIGGER_TRAFFIC: traffic }).traffic
  t.deepEqual(read('10.0.0.7:8000'), [{ host: '10.0.0.7', port: 8000 }])
  t.deepEqual(read('fd00::7:8000'), [{ host: 'fd00::7', port: 8000 }])
  t.deepEqual(read('10.0.0.7,fd00::7:8000'), [
    { host: '10.0.0.7', port: 8000 },
    { host: 'fd00::7', port: 8000 },
  ])
  for (const bad of ['10.0.0.7,:8000', '10.0.0.7', ':8000', '10.0.0.7,x y:80'])
    t.throws(() => read(bad), { instanceOf: BadConfig }, bad)
})

test('telemetry is on only where it is said where to, and not disabled', t => {
  const base = environment('127.0.0.1:8000', '/state')
  const to = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
  t.deepEqual(readConfig({ ...base, ...to }).otel, to)
  t.is(readConfig({ ...base, ...to, OTEL_SDK_DISABLED: 'TRUE' }).otel, null)
  t.is(readConfig({ ...base, ...to, OTEL_TRACES_EXPORTER: 'none' }).otel, null)
  t.is(readConfig({ ...base, OTEL_SERVICE_NAME: 'x' }).otel, null)
})

test('docs/sidecar.md lists the table, and only that', t => {
  const text = page('sidecar')
  for (const [name, variable] of Object.entries<Variable>(variables)) {
    const said =
      variable.default === null
        ? 'must be given'
        : variable.default === ''
          ? 'empty'
          : `\`${variable.default}\``
    t.true(text.includes(`| \`${name}\` | ${said} | ${variable.sentence} |`), name)
  }
  for (const name of otelVariables) t.true(text.includes(`\`${name}\``), name)
  const listed = new Set([...text.matchAll(/OUTRIGGER_[A-Z0-9_]+/g)].map(match => match[0]))
  t.deepEqual([...listed].toSorted(), Object.keys(variables).toSorted())
})

for (const file of ['request.ts', 'forward/fast/exchange.ts', 'forward/h2/call.ts']) {
  test(`docs/request.md has the steps of sidecar/${file} in their order`, t => {
    const source = readFileSync(new URL(`../../sidecar/${file}`, import.meta.url), 'utf8')
    const steps = [...source.matchAll(/^ +\/\/ (\d \w+)$/gm)].map(match => match[1])
    const documented = [...page('request').matchAll(/^## (\d .+)$/gm)].map(match => match[1])
    t.is(steps.length, 6)
    t.deepEqual(documented, steps)
  })
}
