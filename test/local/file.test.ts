import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { readPlan } from '../../local/file.ts'
import { morePorts } from '../../local/replica.ts'

function plan(text: string): ReturnType<typeof readPlan> {
  const file = join(mkdtempSync(join(tmpdir(), 'outrigger-file-')), 'outrigger.yaml')
  writeFileSync(file, text)
  return readPlan(file)
}

function errors(text: string): string[] {
  const read = plan(text)
  return 'errors' in read
    ? read.errors.map(error => error.replace(/^.*outrigger\.yaml/, 'file'))
    : []
}

test('the shipped example is a good file', t => {
  const read = readPlan('examples/three-models/outrigger.yaml')
  t.true('plan' in read, JSON.stringify(read))
})

test('a small file has all defaults', t => {
  const read = plan('endpoints: { m: { command: [python, serve.py] } }')
  if (!('plan' in read)) return t.fail(read.errors.join('\n'))
  const [endpoint] = read.plan.endpoints
  t.is(endpoint?.endpoint, 'local/m')
  t.is(endpoint?.settings['max-replicas'], 10)
  t.is(endpoint?.port, 0)
  t.is(endpoint?.readyWithinMs, 60_000)
})

test('a revision follows the command and the environment, not the settings', t => {
  const revision = (text: string): string | undefined => {
    const read = readPlanOf(text)
    return read?.endpoints[0]?.revision
  }
  const readPlanOf = (text: string) => {
    const file = join(folder, 'outrigger.yaml')
    writeFileSync(file, text)
    const read = readPlan(file)
    return 'plan' in read ? read.plan : null
  }
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-file-'))
  const base = revision('endpoints: { m: { command: [a] } }')
  t.is(revision('endpoints: { m: { command: [a], settings: { max-replicas: 3 } } }'), base)
  t.not(revision('endpoints: { m: { command: [a, b] } }'), base)
  t.not(revision('endpoints: { m: { command: [a], environment: { X: 1 } } }'), base)
})

test('every error is said at once, with its line, what was expected and what was got', t => {
  const said = errors(
    [
      'endpoints:',
      '  m:',
      '    comand: [python]',
      '    port: 99999',
      '    settings:',
      '      max-replica: 3',
      '      latency-objective: 200',
      '      target-utilization: 1.5',
      'trafic: []',
    ].join('\n'),
  )
  t.deepEqual(said, [
    'file:3: endpoints.m.command: expected a list of words, such as [python, serve.py], got nothing',
    'file:4: endpoints.m.port: expected an integer from 0 to 65535, got 99999',
    'file:3: endpoints.m.comand: expected a known key (command, directory, environment, port, ready, ready-within, cpu, metrics, settings), did you mean command?, got "comand"',
    'file:9: trafic: expected a known key (endpoints, log, traffic, page), did you mean traffic?, got "trafic"',
    'file:6: endpoints.m.settings.max-replica: expected a known setting, did you mean max-replicas?, got "max-replica"',
    'file:7: endpoints.m.settings.latency-objective: expected a duration with its unit (ms, s, m, h) from 1ms to 1h, got 200',
    'file:8: endpoints.m.settings.target-utilization: expected a share from 0.1 to 1, got 1.5',
  ])
})

test('what is not YAML says where', t => {
  const said = errors('endpoints:\n  m: [')
  t.is(said.length, 1)
  t.regex(said[0] ?? '', /^file:\d+: not YAML: /)
})

test('a missing file, an empty one and one without endpoints say so', t => {
  const read = readPlan('/nowhere/outrigger.yaml')
  t.regex('errors' in read ? (read.errors[0] ?? '') : '', /there is no such file.*-f FILE/)
  t.is(errors('').length, 1)
  t.regex(errors('endpoints: {}')[0] ?? '', /at least one endpoint/)
})

test('traffic names an endpoint of the file and files that exist', t => {
  const said = errors(
    'endpoints: { agent: { command: [a] } }\ntraffic: [{ endpoint: agnet, request: { path: /x }, trace: { file: none.csv }, rate: 5 }]',
  )
  t.is(said.length, 1)
  t.regex(said[0] ?? '', /traffic\[0\]\.rate: expected a rate such as 20\/s or 30\/min, got 5/)
  const then = errors(
    'endpoints: { agent: { command: [a] } }\ntraffic: [{ endpoint: agnet, request: { path: /x }, trace: { file: none.csv } }]',
  )
  t.regex(then.join('\n'), /did you mean agent\?/)
  t.regex(then.join('\n'), /trace\.file: expected a file that exists/)
})

test('the MLServer example names two more ports', t => {
  const read = readPlan('examples/mlserver/outrigger.yaml')
  if (!('plan' in read)) return t.fail(read.errors.join('\n'))
  const [endpoint] = read.plan.endpoints
  t.is(endpoint === undefined ? null : morePorts(endpoint), 2)
})

test('what the log block may not hold is said, too', t => {
  const said = errors('endpoints: { m: { command: [a] } }\nlog: { retention: 30d }')
  t.is(said.length, 1)
  t.regex(said[0] ?? '', /^file:2: log\.retention: expected a known setting/)
})
