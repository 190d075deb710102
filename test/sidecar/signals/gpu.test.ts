import { readFileSync, readdirSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { gpuReader, parseGpu } from '../../../sidecar/signals/gpu.ts'

const folder = new URL('../../fixtures/gpu/', import.meta.url)
const MIB = 1_048_576

const expected: Record<string, ReturnType<typeof parseGpu>> = {
  'one.txt': { util: 370, memoryBytes: 12_698 * MIB, memoryLimit: 32_768 * MIB },
  'four.txt': { util: 500, memoryBytes: 143_007 * MIB, memoryLimit: 326_236 * MIB },
  'mib-fraction.txt': { util: 415, memoryBytes: 1024.5 * MIB, memoryLimit: 2048 * MIB },
  'mixed.txt': { util: 500, memoryBytes: 37_537 * MIB, memoryLimit: 163_840 * MIB },
  'unified.txt': { util: 960, memoryBytes: 0, memoryLimit: null },
  'crlf.txt': { util: 120, memoryBytes: 300 * MIB, memoryLimit: 8192 * MIB },
  'mig.txt': null,
  'mig-r450.txt': null,
  'not-supported.txt': null,
  'no-devices.txt': null,
  'no-driver.txt': null,
  'lost.txt': null,
  'old-field.txt': null,
  'mismatch.txt': null,
}

for (const [name, reading] of Object.entries(expected)) {
  test(`reads ${name}`, t => {
    t.deepEqual(parseGpu(readFileSync(new URL(name, folder), 'utf8')), reading)
  })
}

test('every recorded answer is expected', t => {
  const names = readdirSync(folder).filter(name => name.endsWith('.txt'))
  t.deepEqual(names.toSorted(), Object.keys(expected).toSorted())
})

test('any output gives an answer within the ranges', t => {
  const field = fc.oneof(fc.constantFrom('[N/A]', '-3', '1e9'), fc.nat().map(String), fc.string())
  const output = fc.array(fc.array(field, { maxLength: 4 }).map(row => row.join(', ')))
  fc.assert(
    fc.property(output, rows => {
      const reading = parseGpu(rows.join('\n'))
      return reading === null || (reading.util <= 1000 && Number.isSafeInteger(reading.memoryBytes))
    }),
  )
  t.pass()
})

function desk(answers: (() => Promise<string>)[]) {
  const asked: (readonly string[])[] = []
  const said: string[] = []
  const run = (args: readonly string[]) => {
    asked.push(args)
    return (answers[asked.length - 1] ?? answers.at(-1) ?? (() => Promise.resolve('')))()
  }
  const reader = gpuReader({ devices: '0,1', run, say: sentence => said.push(sentence) })
  return { asked, said, reader }
}

test('asks at most every 5 s and keeps the last answer for 15 s', async t => {
  const { asked, reader } = desk([() => Promise.resolve('37, 1, 2\n')])
  for (let now = 0; now < 10_000; now += 1000) await reader.tick(now)
  t.is(asked.length, 2)
  t.true(asked[0]?.includes('--id=0,1'))
  t.is(reader.last(20_000)?.util, 370)
  t.is(reader.last(20_001), null)
})

test('a missing nvidia-smi is said once and left alone for a minute', async t => {
  const missing = () => Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' }))
  const { asked, said, reader } = desk([missing, missing, () => Promise.resolve('1, 2, 3\n')])
  for (let now = 0; now <= 59_000; now += 1000) await reader.tick(now)
  t.is(asked.length, 1)
  await reader.tick(60_000)
  await reader.tick(120_000)
  t.is(asked.length, 3)
  t.deepEqual(said, ['No GPU is measured: nvidia-smi is not there.'])
  t.is(reader.last(120_000)?.util, 10)
})

test('a run that takes long is not joined by another', async t => {
  const late = Promise.withResolvers<string>()
  const { asked, reader } = desk([() => late.promise])
  const first = reader.tick(0)
  await reader.tick(10_000)
  t.is(asked.length, 1)
  late.resolve('5, 1, 1\n')
  await first
  t.is(reader.last(10_000)?.util, 50)
})

test('failures and complaints are told apart', async t => {
  const failed = (code: number | null) => () =>
    Promise.reject(Object.assign(new Error('x'), { code }))
  for (const [answer, sentence] of [
    [failed(9), 'No GPU is measured: nvidia-smi failed (9).'],
    [failed(null), 'No GPU is measured: nvidia-smi failed (timed out).'],
    [
      () => Promise.resolve('[N/A], 1, 2\n'),
      'No GPU is measured: nvidia-smi tells no utilisation.',
    ],
  ] as const) {
    const { said, reader } = desk([answer])
    await reader.tick(0)
    t.deepEqual(said, [sentence])
    t.is(reader.last(0), null)
  }
})
