import test from 'ava'
import { Keyring } from '../../controller/keyring.ts'
import { newKeyPair, refusal } from '../../core/runtime/signing.ts'

const HOUR = 3_600_000

test('an edge is recognised for a day and more without a controller', t => {
  const root = newKeyPair()
  let now = HOUR
  const keyring = new Keyring(root, () => now)
  keyring.pass('edge-1', 'local/a')
  now += 23 * HOUR
  const pass = keyring.pass('edge-1', 'local/a')
  t.is(refusal(pass, root.publicKey, now + 24 * HOUR), null)
  now += 2 * HOUR
  const renewed = keyring.pass('edge-1', 'local/a')
  t.true(renewed.pass.until > pass.pass.until, 'a new key signs a new pass')
  t.is(refusal(renewed, root.publicKey, now), null)
})

test('passes of what is gone are forgotten, the others kept', t => {
  const keyring = new Keyring(newKeyPair(), () => HOUR)
  const [here, gone, other] = [
    keyring.pass('edge-1', 'local/a'),
    keyring.pass('edge-2', 'local/a'),
    keyring.pass('edge-1', 'local/b'),
  ]
  keyring.keep(new Set(['edge-1']), new Set(['local/a']))
  t.is(keyring.pass('edge-1', 'local/a'), here)
  t.not(keyring.pass('edge-2', 'local/a'), gone)
  t.not(keyring.pass('edge-1', 'local/b'), other)
})
