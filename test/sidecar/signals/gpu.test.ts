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
  'recorded/idle.txt': { util: 0, memoryBytes: 0, memoryLimit: 81_559 * MIB },
  'recorded/held.txt': { util: 0, memoryBytes: 657 * MIB, memoryLimit: 81_559 * MIB },
  'recorded/full.txt': { util: 980, memoryBytes: 883 * MIB, memoryLimit: 81_559 * MIB },
  'recorded/part.txt': { util: 280, memoryBytes: 883 * MIB, memoryLimit: 81_559 * MIB },
  'recorded/no-such-device.exit-6.txt': null,
  'recorded/wrong-field.exit-2.txt': null,
  'recorded/wrong-id.exit-255.txt': null,
  'recorded/no-library.exit-12.txt': null,
}

for (const [name, reading] of Object.entries(expected)) {
  test(`reads ${name}`, t => {
    t.deepEqual(parseGpu(readFileSync(new URL(name, folder), 'utf8')), reading)
  })
}

test('every recorded answer is expected', t => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const names = files.filter(name => name.endsWith('.txt'))
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
  for (let now = 0; now < 10_000; now += 1000) await reader.tick(now, false)
  t.is(asked.length, 2)
  t.true(asked[0]?.includes('--id=0,1'))
  t.is(reader.last(20_000)?.util, 370)
  t.is(reader.last(20_001), null)
})

test('a missing nvidia-smi is said once and left alone for ten minutes', async t => {
  const missing = () => Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' }))
  const { asked, said, reader } = desk([missing, missing, () => Promise.resolve('1, 2, 3\n')])
  for (let now = 0; now <= 599_000; now += 1000) await reader.tick(now, false)
  t.is(asked.length, 1)
  await reader.tick(600_000, true)
  t.is(asked.length, 1, 'not while nobody uses the model')
  await reader.tick(601_000, false)
  await reader.tick(1_201_000, false)
  t.is(asked.length, 3)
  t.deepEqual(said, ['No GPU is measured: nvidia-smi is not there.'])
  t.is(reader.last(1_201_000)?.util, 10)
})

test('one that fails is left alone for a minute', async t => {
  const failing = () => Promise.reject(Object.assign(new Error('failed'), { code: 9, stdout: '' }))
  const { asked, reader } = desk([failing, () => Promise.resolve('1, 2, 3\n')])
  for (let now = 0; now <= 59_000; now += 1000) await reader.tick(now, false)
  t.is(asked.length, 1)
  await reader.tick(60_000, false)
  t.is(reader.last(60_000)?.util, 10)
})

test('a run that takes long is not joined by another', async t => {
  const late = Promise.withResolvers<string>()
  const { asked, reader } = desk([() => late.promise])
  const first = reader.tick(0, false)
  await reader.tick(10_000, false)
  t.is(asked.length, 1)
  late.resolve('5, 1, 1\n')
  await first
  t.is(reader.last(10_000)?.util, 50)
})

test('failures and complaints are told apart, in the words of nvidia-smi', async t => {
  const failed = (code: number | null, file?: string) => () => {
    const stdout =
      file === undefined ? '' : readFileSync(new URL(`recorded/${file}`, folder), 'utf8')
    return Promise.reject(Object.assign(new Error('x'), { code, stdout }))
  }
  for (const [answer, sentence] of [
    [failed(9), 'No GPU is measured: nvidia-smi failed (9).'],
    [failed(null), 'No GPU is measured: nvidia-smi failed (timed out).'],
    [
      failed(6, 'no-such-device.exit-6.txt'),
      'No GPU is measured: nvidia-smi failed (6: No devices were found).',
    ],
    [
      failed(2, 'wrong-field.exit-2.txt'),
      'No GPU is measured: nvidia-smi failed (2: Field "memory.usage" is not a valid field to query).',
    ],
    [
      failed(12, 'no-library.exit-12.txt'),
      "No GPU is measured: nvidia-smi failed (12: NVIDIA-SMI couldn't find libnvidia-ml.so library in your system).",
    ],
    [
      () => Promise.resolve('[N/A], 1, 2\n'),
      'No GPU is measured: nvidia-smi tells no utilisation.',
    ],
  ] as const) {
    const { said, reader } = desk([answer])
    await reader.tick(0, false)
    t.deepEqual(said, [sentence])
    t.is(reader.last(0), null)
  }
})

test('the use of several readings is their mean: each is of a fifth of a second only', async t => {
  const { reader } = desk(
    [20, 80, 50, 0, 0].map(util => () => Promise.resolve(`${util}, ${util}, 100\n`)),
  )
  const uses: (number | undefined)[] = []
  for (let now = 0; now <= 20_000; now += 5000) {
    await reader.tick(now, false)
    uses.push(reader.last(now)?.util)
  }
  t.deepEqual(uses, [200, 500, 500, 375, 325])
  t.is(reader.last(20_000)?.memoryBytes, 0, 'memory is what it is now')
  t.is(reader.last(35_001), null)
})

test('what was read before a failure no longer counts', async t => {
  const { reader } = desk([
    () => Promise.resolve('90, 1, 2\n'),
    () => Promise.reject(new Error('x')),
    () => Promise.resolve('10, 1, 2\n'),
  ])
  await reader.tick(0, false)
  await reader.tick(5000, false)
  t.is(reader.last(5000), null)
  await reader.tick(65_000, false)
  t.is(reader.last(65_000)?.util, 100)
})

test('the words of the tool itself are read where it fails', async t => {
  const said: string[] = []
  const reader = gpuReader({
    devices: null,
    tool: [process.execPath, '-e', 'console.log("No devices were found"); process.exit(6)', '--'],
    say: sentence => said.push(sentence),
  })
  await reader.tick(0, false)
  t.deepEqual(said, ['No GPU is measured: nvidia-smi failed (6: No devices were found).'])
})
