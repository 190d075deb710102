import test from 'ava'
import { newKeyPair, signer } from '../../core/runtime/signing.ts'
import { passes } from '../../sidecar/passes.ts'

const NOW = 1_800_000_000_000
const root = newKeyPair()
const text = (until: number, by = root, endpoint = 'local/digits'): string =>
  Buffer.from(
    JSON.stringify(signer(by, NOW + 1e9).pass({ edge: 'edge-1', endpoint, until })),
  ).toString('base64url')

/** Passes at a time that is set. */
function at(now: number) {
  const time = { now }
  const all = passes({ endpoint: 'local/digits', rootKey: root.publicKey, now: () => time.now })
  return { time, all }
}

test('a pass that was good gives a word, good on that connection alone, until the pass ends', t => {
  const { time, all } = at(NOW)
  const [here, there] = [{}, {}]
  const pass = text(NOW + 500)
  t.true(all.good(pass, here))
  const word = all.wordFor(pass, here) ?? ''
  t.regex(word, /^[\w-]{22}$/)
  t.true(all.good(word, here))
  t.is(all.wordFor(word, here), null, 'told once')
  t.false(all.good(word, there))
  t.true(all.good(pass, there))
  t.not(all.wordFor(pass, there), word)
  t.false(all.good(word, there))
  time.now = NOW + 500
  t.true(all.good(word, here))
  time.now = NOW + 501
  t.false(all.good(word, here))
  t.false(all.good(pass, here))
})

test('the next pass keeps the word going', t => {
  const { time, all } = at(NOW)
  const here = {}
  t.true(all.good(text(NOW + 500), here))
  const next = text(NOW + 5000)
  t.true(all.good(next, here))
  time.now = NOW + 1000
  t.true(all.good(all.wordFor(next, here) ?? '', here))
})

test('no word without a good pass, and no pass is an empty one', t => {
  const { all } = at(NOW)
  const forged = text(NOW + 500, newKeyPair())
  for (const value of ['', 'x', forged, `${text(NOW + 500).slice(0, -8)}AAAAAAAA`]) {
    const here = {}
    t.false(all.good(value, here), value)
    t.is(all.wordFor(value, here), null)
    t.false(all.good('', here))
  }
  const here = {}
  t.true(all.good(text(NOW + 500), here))
  t.false(all.good('', here), 'an empty one was none before, either')
})

test('who showed a forged one is not looked into again for a second; a pass that is known is good all the while', t => {
  const { time, all } = at(NOW)
  const [edge, mixed] = [{}, {}]
  const known = text(NOW + 5000)
  t.true(all.good(known, edge))
  t.false(all.good('forged', mixed))
  const other = text(NOW + 6000)
  t.false(all.good(other, mixed), 'it is not read')
  t.true(all.good(known, mixed))
  time.now = NOW + 1000
  t.true(all.good(other, mixed))
})
