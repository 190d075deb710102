import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newKeyPair, signer } from '../../core/runtime/signing.ts'
import { ask, folder, order, put, recorder, samplesUntil, sidecar } from './support.ts'

test('an order is in force from the next second, is named by samples, and outlives a restart', async t => {
  const origin = await recorder(t)
  const stateDir = folder(t)
  const env = { OUTRIGGER_STATE_DIR: stateDir, OUTRIGGER_FIRST_LIMIT: '3' }
  const first = await sidecar(t, origin.address, env)
  const [before] = await samplesUntil(first.admin, all => all.length > 0)
  t.is(before?.limit.effective, 3)
  t.is(before?.limit.order, null)
  t.is((await put(first.admin, '/v1/order', order(1, { limit: 40 }))).status, 200)
  const samples = await samplesUntil(first.admin, all => all.at(-1)?.limit.order?.n === 1)
  t.is(samples.at(-1)?.limit.effective, 40)
  await first.stop()

  const second = await sidecar(t, origin.address, env)
  const [after] = await samplesUntil(second.admin, all => all.length > 1)
  t.deepEqual(after?.limit.order, { epoch: 1, n: 1 })
  t.is((await put(second.admin, '/v1/order', order(1))).status, 409)
  t.is((await put(second.admin, '/v1/order', order(1, { limit: 40 }))).status, 200, 'the kept one')
  t.is((await put(second.admin, '/v1/order', order(2, { limit: 5 }))).status, 200)
  t.is((await put(second.admin, '/v1/order', order(1, { epoch: 2, limit: 6 }))).status, 200)
  t.is((await put(second.admin, '/v1/order', order(9, { epoch: 1 }))).status, 409)
})

test('orders that are forged, for others, old or no orders are refused and counted', async t => {
  const origin = await recorder(t)
  const { admin, metrics } = await sidecar(t, origin.address)
  const forged = order(5)
  const other = signer(newKeyPair(), Date.now() + 60_000).order(order(5).order)
  const expired = signer(newKeyPair(), Date.now() - 1).order(order(5).order)
  const tries: [unknown, number, string][] = [
    [{ ...forged, order: { ...forged.order, limit: 999 } }, 403, 'bad-signature'],
    [other, 403, 'key-not-of-root'],
    [expired, 403, 'key-expired'],
    [order(5, { endpoint: 'local/other' }), 409, 'wrong-endpoint'],
    [order(5, { revision: 'r2' }), 409, 'wrong-revision'],
    [order(5, { limit: 0 }), 400, 'malformed'],
    [{}, 400, 'malformed'],
    [order(5), 200, 'taken'],
    [order(5), 200, 'same'],
    [order(5, { limit: 9 }), 409, 'not-newer'],
    [order(4), 409, 'not-newer'],
  ]
  for (const [value, status, result] of tries) {
    const got = await put(admin, '/v1/order', value)
    t.is(got.status, status, got.body)
    t.is((JSON.parse(got.body) as { result: string }).result, result)
  }
  const { body } = await ask(metrics, '/metrics')
  t.regex(body, /outrigger_orders_total\{[^}]*result="malformed"\} 2/)
  t.regex(body, /outrigger_orders_total\{[^}]*result="taken"\} 1/)
  t.regex(body, /outrigger_orders_total\{[^}]*result="same"\} 1/)
})

test('a kept order that was changed on disk is not used', async t => {
  const origin = await recorder(t)
  const stateDir = folder(t)
  const env = { OUTRIGGER_STATE_DIR: stateDir, OUTRIGGER_FIRST_LIMIT: '3' }
  const first = await sidecar(t, origin.address, env)
  await put(first.admin, '/v1/order', order(1, { limit: 40 }))
  await first.stop()
  const file = join(stateDir, 'order.json')
  for (const text of [readFileSync(file, 'utf8').replace('"limit":40', '"limit":41'), '{"ord']) {
    writeFileSync(file, text)
    const next = await sidecar(t, origin.address, env)
    const [sample] = await samplesUntil(next.admin, all => all.length > 0)
    t.is(sample?.limit.effective, 3)
    await next.stop()
  }
})

test('a replica that waits for its first order is ready when it comes, or when it has waited long enough', async t => {
  const origin = await recorder(t)
  const readiness = async (admin: string): Promise<string> => {
    const { status, body } = await ask(admin, '/readyz')
    return `${status} ${body}`
  }
  const until = async (admin: string, words: RegExp): Promise<void> => {
    for (let i = 0; i < 500 && !words.test(await readiness(admin)); i++)
      await new Promise(resolve => setTimeout(resolve, 10))
    t.regex(await readiness(admin), words)
  }
  const waiting = await sidecar(t, origin.address, { OUTRIGGER_ORDER_WAIT: '60000' })
  await until(waiting.admin, /^503 .*no order is in force yet/)
  t.is((await put(waiting.admin, '/v1/order', order(1))).status, 200)
  await until(waiting.admin, /^200 /)
  const alone = await sidecar(t, origin.address, { OUTRIGGER_ORDER_WAIT: '1' })
  await until(alone.admin, /^200 /)
})
