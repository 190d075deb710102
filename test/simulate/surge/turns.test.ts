import test from 'ava'
import fc from 'fast-check'
import { fewestTurns, tubeOf } from '../../../simulate/surge/turns.ts'

const ofTube = (pairs: [number, number][]): number =>
  fewestTurns({ low: pairs.map(([low]) => low), high: pairs.map(([, high]) => high) })

test('who can stay where it is never turns round', t => {
  t.is(
    ofTube([
      [1, 4],
      [3, 8],
      [2, 3],
      [3, 9],
    ]),
    0,
  )
  t.is(ofTube([]), 0)
})

test('up and down is one turn, down to begin with is none', t => {
  t.is(
    ofTube([
      [1, 2],
      [5, 6],
      [1, 2],
    ]),
    1,
  )
  t.is(
    ofTube([
      [5, 6],
      [1, 2],
    ]),
    0,
  )
  t.is(
    ofTube([
      [5, 6],
      [1, 2],
      [5, 6],
      [1, 2],
    ]),
    2,
  )
})

test('a way up goes on past a dip that leaves room', t => {
  t.is(
    ofTube([
      [1, 2],
      [4, 9],
      [3, 9],
      [7, 9],
    ]),
    0,
  )
  t.is(
    ofTube([
      [1, 2],
      [4, 9],
      [1, 3],
      [7, 9],
    ]),
    2,
  )
})

/** The fewest by trying every count in every second. */
function tried(tube: [number, number][]): number {
  let states = new Map<string, number>()
  for (const [second, [low, high]] of tube.entries()) {
    const next = new Map<string, number>()
    for (let count = low; count <= high; count++) {
      if (second === 0) {
        next.set(`${count} 0`, 0)
        continue
      }
      for (const [state, turns] of states) {
        const [from = 0, was = 0] = state.split(' ').map(Number)
        const way = Math.sign(count - from) || was
        const all = turns + (was !== 0 && way !== was ? 1 : 0)
        const key = `${count} ${way}`
        next.set(key, Math.min(all, next.get(key) ?? Infinity))
      }
    }
    states = next
  }
  return states.size === 0 ? 0 : Math.min(...states.values())
}

test('nothing that stays in the tube turns round less often', t => {
  const pair = fc
    .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 3 }))
    .map(([low, more]): [number, number] => [low, low + more])
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 12 }), tube => {
      t.is(ofTube(tube), tried(tube))
    }),
  )
})

test('a surge has to be followed, a lull within the scale-down window has not', t => {
  const terms = { carries: 10, replicas: 1, startUpS: 20 }
  const calm = (length: number): number[] => new Array<number>(length).fill(10)
  const surge = new Array<number>(100).fill(100)
  const turns = (offered: number[]): number => fewestTurns(tubeOf(offered, terms))
  t.is(turns([...calm(200), ...surge, ...calm(600)]), 1)
  t.is(turns([...calm(200), ...surge, ...calm(600), ...surge]), 2)
  t.is(turns([...calm(200), ...surge, ...calm(250), ...surge]), 0)
})
