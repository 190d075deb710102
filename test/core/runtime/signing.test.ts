import test from 'ava'
import { newer, signedOrder, type Order, type SignedOrder } from '../../../core/model/order.ts'
import { check } from '../../../core/model/schema.ts'
import { newKeyPair, refusal, signer } from '../../../core/runtime/signing.ts'

const NOW = 1_800_000_000_000
const root = newKeyPair()
const sign = signer(root, NOW + 1000)
const order: Order = {
  v: 1,
  endpoint: 'local/digits',
  revision: 'r1',
  limit: 4,
  objectiveUs: 100_000,
  probe: { other: 5, slotSeconds: 3, settleSeconds: 1 },
  latePermille: 50,
  queueUs: 50_000,
  epoch: 1,
  n: 7,
  decision: 'd1',
  issued: NOW,
}
const pass = { edge: 'edge-1', endpoint: 'local/digits', until: NOW + 500 }

test('a signed order passes the schema and the check, also after a journey as JSON', t => {
  const signed = JSON.parse(JSON.stringify(sign.order(order))) as SignedOrder
  t.true(check(signedOrder, signed).ok)
  t.is(refusal(signed, root.publicKey, NOW), null)
  const shuffled = {
    ...signed,
    order: Object.fromEntries(Object.entries(signed.order).toReversed()),
  }
  t.is(refusal(shuffled as SignedOrder, root.publicKey, NOW), null)
})

test('any change of the order is found out', t => {
  const signed = sign.order(order)
  for (const change of [{ limit: 5 }, { n: 8 }, { endpoint: 'local/other' }, { probe: null }]) {
    const forged = { ...signed, order: { ...order, ...change } }
    t.is(refusal(forged, root.publicKey, NOW), 'bad-signature')
  }
  t.is(refusal({ ...signed, signature: '' }, root.publicKey, NOW), 'bad-signature')
})

test('a key that the root did not sign, or that was changed, is refused', t => {
  const stranger = signer(newKeyPair(), NOW + 1000).order(order)
  t.is(refusal(stranger, root.publicKey, NOW), 'key-not-of-root')
  const signed = sign.order(order)
  const prolonged = { ...signed, key: { ...signed.key, until: NOW + 1e9 } }
  t.is(refusal(prolonged, root.publicKey, NOW), 'key-not-of-root')
  t.is(refusal(signed, 'bm90IGEga2V5', NOW), 'key-not-of-root')
})

test('an expired key and an expired pass are refused, and not a moment before', t => {
  t.is(refusal(sign.order(order), root.publicKey, NOW + 1000), null)
  t.is(refusal(sign.order(order), root.publicKey, NOW + 1001), 'key-expired')
  t.is(refusal(sign.pass(pass), root.publicKey, NOW + 500), null)
  t.is(refusal(sign.pass(pass), root.publicKey, NOW + 501), 'pass-expired')
})

test('a signature of one kind is never good for another', t => {
  const asPass = { ...sign.pass(pass), signature: sign.order(order).signature }
  t.is(refusal(asPass, root.publicKey, NOW), 'bad-signature')
  const disguised = { ...sign.order(order), order: pass as unknown as Order }
  t.is(
    refusal({ ...disguised, signature: sign.pass(pass).signature }, root.publicKey, NOW),
    'bad-signature',
  )
})

test('newer means a greater epoch, then a greater number', t => {
  t.true(newer({ epoch: 1, n: 1 }, null))
  t.true(newer({ epoch: 2, n: 0 }, { epoch: 1, n: 99 }))
  t.true(newer({ epoch: 1, n: 2 }, { epoch: 1, n: 1 }))
  t.false(newer({ epoch: 1, n: 1 }, { epoch: 1, n: 1 }))
  t.false(newer({ epoch: 1, n: 99 }, { epoch: 2, n: 0 }))
})
