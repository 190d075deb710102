import test from 'ava'
import { Strangers } from '../../controller/strangers.ts'
import type { Bodies } from '../../core/model/decision.ts'

function strangers(who: string | null, asked: number | null = null) {
  const notes: Bodies['scaled'][] = []
  const watcher = new Strangers({
    asked: () => asked,
    who: () => who,
    note: body => notes.push(body),
  })
  const see = (desired: number, now: number): void =>
    watcher.look([{ endpoint: 'a/b', desired }], now)
  return { notes, see }
}

test('a change that we did not ask for is recorded with who, once that had time to be told', t => {
  const { notes, see } = strangers('jo@example.org')
  see(2, 0)
  see(5, 1000)
  see(5, 2000)
  t.deepEqual(notes, [])
  see(5, 3000)
  see(5, 9000)
  t.deepEqual(notes, [{ endpoint: 'a/b', from: 2, to: 5, at: 1000, who: 'jo@example.org' }])
})

test('who can be unknown, and says so', t => {
  const { notes, see } = strangers(null)
  see(2, 0)
  see(1, 1000)
  see(1, 3000)
  t.is(notes[0]?.who, null)
})

test('what we asked for, and what was there when we came, is nobody else', t => {
  const { notes, see } = strangers('jo', 5)
  see(2, 0)
  see(5, 1000)
  see(5, 9000)
  t.deepEqual(notes, [])
})
