import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readConfig, type ClusterConfig } from '../../controller/config.ts'
import { BadConfig } from '../../core/runtime/environment.ts'
import { readOverride } from '../../controller/overrides.ts'
import { readLogOptions } from '../../core/model/log-options.ts'
import { SettingsFile } from '../../controller/settings-file.ts'
import { folder } from './support/folder.ts'

test('the environment: every error at once', t => {
  const error = t.throws(
    () =>
      readConfig({
        OUTRIGGER_ADMIN: 'nowhere',
        OUTRIGGER_PLATFORM: 'ftp://x',
        OUTRIGGER_LOG_LEVEL: 'loud',
        OUTRIGGER_PARENT: 'me',
      }),
    { instanceOf: BadConfig },
  )
  for (const name of ['ADMIN', 'PLATFORM', 'LOG_LEVEL', 'PARENT']) {
    t.regex(error?.message ?? '', new RegExp(`OUTRIGGER_${name}: expected .* got`))
  }
  const config = readConfig({ OUTRIGGER_PLATFORM: 'http://[::1]:9/', OUTRIGGER_ADMIN: '[::1]:0' })
  t.like(config, { admin: { host: '::1', port: 0 }, platform: 'http://[::1]:9', token: null })
})

test('in a cluster: which pods tell GPU use', t => {
  const of = (exporters?: string) => {
    const { platform } = readConfig({
      OUTRIGGER_PLATFORM: 'kubernetes',
      OUTRIGGER_NAMESPACE: 'n',
      OUTRIGGER_POD: 'p',
      OUTRIGGER_IMAGE: 'i',
      OUTRIGGER_GPU_EXPORTERS: exporters,
    })
    return (platform as ClusterConfig).gpuExporters
  }
  t.deepEqual(of(), ['app.kubernetes.io/name=dcgm-exporter', 'app=nvidia-dcgm-exporter'])
  t.deepEqual(of('off'), [])
  t.deepEqual(of('a=b,c/d=; e=f'), ['a=b,c/d=', 'e=f'])
  for (const wrong of ['dcgm', 'a in (b)', 'a=b;', 'a=b&limit=1'])
    t.throws(() => of(wrong), { message: /OUTRIGGER_GPU_EXPORTERS: expected off, or at most 8/ })
})

test('the settings file: every error at once; a bad new one keeps the last good one and says so', t => {
  const path = join(folder(t), 'settings.json')
  const said: string[] = []
  const bad = {
    endpoints: { a: { 'max-replicas': 'many', limit: 3 } },
    log: { 'keep-days': 0 },
    x: 1,
  }
  writeFileSync(path, JSON.stringify(bad))
  const error = t.throws(() => new SettingsFile(path, () => undefined), { instanceOf: BadConfig })
  t.is(error?.message.split('\n').length, 4)
  writeFileSync(
    path,
    JSON.stringify({ endpoints: { a: { 'max-replicas': 3 }, 'x/b': { 'max-replicas': 4 } } }),
  )
  const file = new SettingsFile(path, (_, message) => void said.push(message))
  t.is(file.of('local/a')['max-replicas'], 3)
  t.is(file.of('x/b')['max-replicas'], 4)
  t.is(file.of('local/c')['max-replicas'], 10)
  writeFileSync(path, '{')
  file.refresh()
  t.regex(file.problem ?? '', /settings.json/)
  t.is(file.of('local/a')['max-replicas'], 3)
  writeFileSync(path, JSON.stringify({ endpoints: { a: { 'max-replicas': 5 } } }))
  utimesSync(path, 1, 1)
  file.refresh()
  t.is(file.problem, null)
  t.is(file.of('local/a')['max-replicas'], 5)
  t.is(said.length, 2)
})

test('an override: stored units, an end, and errors in words', t => {
  const good = readOverride({ what: 'queue-deadline', value: '2s', for: '10m', who: 'ada' }, 1000)
  t.deepEqual(good, {
    override: { what: 'queue-deadline', value: '2000', who: 'ada', until: 601_000 },
  })
  t.deepEqual(readOverride({ what: 'replicas', value: '4' }, 0), {
    override: { what: 'replicas', value: '4', who: null, until: null },
  })
  t.deepEqual(readOverride({ what: 'max-replicas', value: 1 }, 0), {
    override: { what: 'max-replicas', value: '1', who: null, until: null },
  })
  const bad: [unknown, RegExp][] = [
    [{ what: 'max-replica', value: 3 }, /did you mean max-replicas/],
    [{ what: 'freeze', value: 'some' }, /one of none, limit, replicas, all/],
    [{ what: 'replicas', value: -1 }, /an integer from 0/],
    [{ what: 'replicas', value: 1, for: '10' }, /duration with its unit/],
    [{ what: 7, value: 1, who: 7 }, /name of a setting.*; who: /],
    ['x', /expected \{what/],
  ]
  for (const [raw, words] of bad) {
    const read = readOverride(raw, 0)
    t.regex('errors' in read ? read.errors.join('; ') : 'good', words)
  }
})

test('options of the log: units, bounds, unknown names', t => {
  t.deepEqual(readLogOptions({ 'file-bytes': '8MiB', 'keep-days': '7d' }).options, {
    'file-bytes': 8 * 1024 * 1024,
    'keep-days': 7,
    'keep-bytes': 4096 * 1024 * 1024,
  })
  const { issues } = readLogOptions({ 'file-bytes': 5, 'keep-byte': 1, 'keep-days': 'long' })
  t.is(issues.length, 3)
  t.is(readLogOptions([]).issues.length, 1)
  const tight = readLogOptions({ 'file-bytes': '64MiB', 'keep-bytes': '100MiB' }).issues
  t.regex(tight[0]?.expected ?? '', /at least twice file-bytes/)
})
