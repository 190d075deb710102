import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import test from 'ava'
import { ask, folder, recorder, samplesUntil, sidecar } from './support.ts'

const RECORDED = resolve('test/fixtures/gpu/recorded/full.txt')
const MIB = 1_048_576

test('what nvidia-smi says of the devices of the model is in its samples and on its page', async t => {
  const bin = folder(t)
  const asked = join(bin, 'asked')
  writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\necho "$*" >${asked}\ncat ${RECORDED}\n`)
  chmodSync(join(bin, 'nvidia-smi'), 0o755)
  // The tool is looked for on the path of the process; this file has one of its own.
  process.env['PATH'] = `${bin}${delimiter}${process.env['PATH'] ?? ''}`
  const origin = await recorder(t)
  const { admin, metrics } = await sidecar(t, origin.address, { OUTRIGGER_GPUS: '0,1' })
  const samples = await samplesUntil(admin, all => all.some(({ gpu }) => gpu !== null))
  t.deepEqual(samples.at(-1)?.gpu, {
    util: 980,
    memoryBytes: 883 * MIB,
    memoryLimit: 81_559 * MIB,
  })
  t.is(
    readFileSync(asked, 'utf8').trim(),
    '--query-gpu=utilization.gpu,memory.used,memory.total --format=csv,noheader,nounits --id=0,1',
  )
  const page = (await ask(metrics, '/metrics')).body.toString()
  const figure = (name: string): number =>
    Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(page)?.[1])
  t.is(figure('outrigger_model_gpu_ratio'), 0.98)
  t.is(figure('outrigger_model_gpu_memory_bytes'), 883 * MIB)
  t.is(figure('outrigger_model_gpu_memory_limit_bytes'), 81_559 * MIB)
})
