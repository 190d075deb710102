import { EventEmitter } from 'node:events'
import test from 'ava'
import { Unread } from '../../../core/carry/unread.ts'

const KIB = 1024
const BUFFER = 64 * KIB

/** A socket of which `taken` bytes have gone and `writableLength` have not. */
class Slow extends EventEmitter {
  destroyed = false
  writableLength = 0
  taken = 0

  get bytesWritten(): number {
    return this.taken + this.writableLength
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function clients(unread: Unread, count: number): Slow[] {
  return Array.from({ length: count }, () => {
    const slow = new Slow()
    unread.add(slow)
    return slow
  })
}

const gone = (all: Slow[]): number[] => all.flatMap(({ destroyed }, i) => (destroyed ? [i] : []))

test('beyond the bound those go that have taken nothing for longest, some more than need be', t => {
  const unread = new Unread(8 * (BUFFER + KIB), 1e9)
  const all = clients(unread, 9)
  for (const [i, slow] of all.entries()) {
    slow.writableLength = KIB
    unread.left(KIB, () => 10_000)
    unread.look(1000 * i)
  }
  t.deepEqual(gone(all), [0, 1], 'nine are too many: one goes, and one for room')
  const [, , third] = all
  if (third === undefined) return t.fail()
  third.taken += 1
  unread.look(20_000)
  const [late, last] = clients(unread, 2)
  if (late === undefined || last === undefined) return t.fail()
  late.writableLength = last.writableLength = KIB
  unread.look(21_000)
  t.deepEqual(gone([...all, late, last]), [0, 1, 3, 4], 'who took something is not the first')
})

test('a write that may lead beyond the bound is looked at then and there', t => {
  const unread = new Unread(2 * (BUFFER + KIB), 1e9)
  const all = clients(unread, 3)
  for (const [i, slow] of all.entries()) {
    slow.writableLength = KIB
    unread.left(KIB, () => i)
  }
  t.is(gone(all).length, 2, 'at most two, and one for room')
})

test('who takes nothing for too long goes; who takes something, or has it all, stays', t => {
  const unread = new Unread(1e9, 1000)
  const all = clients(unread, 3)
  const [stalled, slow, done] = all
  if (stalled === undefined || slow === undefined || done === undefined) return t.fail()
  for (const one of all) one.writableLength = KIB
  unread.look(0)
  slow.taken = 1
  unread.look(900)
  done.taken = KIB
  done.writableLength = 0
  unread.look(1500)
  t.deepEqual(gone(all), [0])
  // More to take is nothing taken.
  slow.writableLength += KIB
  unread.look(2000)
  t.deepEqual(gone(all), [0, 1])
})

test('looks are not too many', t => {
  const unread = new Unread(1e9, 100)
  const [one] = clients(unread, 1)
  if (one === undefined) return t.fail()
  one.writableLength = KIB
  unread.look(0)
  unread.look(200)
  t.false(one.destroyed)
  unread.look(250)
  t.true(one.destroyed)
})

test('what many share is not cut off for one of them that takes nothing, but when it takes nothing itself', t => {
  const unread = new Unread(4 * (BUFFER + KIB), 5000)
  const [lane, ...all] = clients(unread, 6)
  if (lane === undefined) return t.fail()
  unread.share(lane)
  t.false(unread.empty)
  lane.writableLength = 5 * KIB
  unread.look(0)
  for (const slow of all) slow.writableLength = KIB
  // Five are too many; it is behind for longer than they are, and its bytes are theirs.
  unread.look(999)
  t.false(lane.destroyed)
  t.deepEqual(gone(all), [0, 1])
  for (const slow of clients(unread, 3)) slow.writableLength = KIB
  lane.taken = 1
  unread.look(1500)
  t.false(lane.destroyed)
  for (const slow of clients(unread, 3)) slow.writableLength = KIB
  unread.look(2500)
  t.true(lane.destroyed, 'it took nothing for a second, and memory is short')
})

test('what many share is cut off in any case when it takes nothing for long', t => {
  const unread = new Unread(1e9, 5000)
  const [lane] = clients(unread, 1)
  if (lane === undefined) return t.fail()
  unread.share(lane)
  lane.writableLength = KIB
  unread.look(0)
  unread.look(5000)
  t.false(lane.destroyed)
  unread.look(5251)
  t.true(lane.destroyed)
  t.true(unread.empty)
})
