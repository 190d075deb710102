import test from 'ava'
import { Memory } from '../../controller/memory.ts'
import { People } from '../../controller/people.ts'
import type { Ledger } from '../../controller/record/ledger.ts'
import type { Draft } from '../../controller/record/line.ts'
import type { Override } from '../../core/model/decision.ts'

const pinned: Override = { what: 'replicas', value: '3', who: 'annotation', until: null }

function office() {
  const notes: string[] = []
  const ledger = {
    note: (...drafts: Draft[]) => {
      for (const { kind, body } of drafts)
        notes.push(kind === 'override' ? `${body.action} ${body.override.what}` : kind)
      return Promise.resolve([])
    },
  }
  const memory = new Memory()
  return { memory, notes, people: new People(memory, ledger as unknown as Ledger, () => 1000) }
}

test('an override that stands on the platform is recorded once, and ends when it is gone there', async t => {
  const { people, memory, notes } = office()
  await people.follow('a/b', [pinned])
  await people.follow('a/b', [pinned])
  t.deepEqual(notes, ['set replicas'])
  t.deepEqual(memory.overridesOf('a/b'), [{ ...pinned, standing: true }])
  await people.follow('a/b', [{ ...pinned, value: '4' }])
  await people.follow('a/b', [])
  t.deepEqual(notes, ['set replicas', 'set replicas', 'cleared replicas'])
  t.deepEqual(memory.overridesOf('a/b'), [])
})

test('what the platform says leaves overrides of people alone, and they leave it alone', async t => {
  const { people, memory, notes } = office()
  await people.set('a/b', { what: 'freeze', value: 'limit', who: 'jo' })
  await people.follow('a/b', [pinned])
  await t.throwsAsync(people.set('a/b', { what: 'replicas', value: 2 }), {
    message: /set on the platform/,
  })
  await t.throwsAsync(people.clear('a/b', 'replicas', null), { message: /change it there/ })
  await people.follow('a/b', [])
  t.deepEqual(notes, ['set freeze', 'set replicas', 'cleared replicas'])
  t.is(memory.overridesOf('a/b').length, 1)
})

test('one whose time is over by the time of the log is not in force again, whatever the platform still says', async t => {
  const { people, memory, notes } = office()
  // The log goes on from the newest record of a leader whose clock was ahead of the one that read the annotation.
  await people.follow('a/b', [{ ...pinned, until: 999 }])
  await people.endOld()
  await people.follow('a/b', [{ ...pinned, until: 999 }])
  t.deepEqual(notes, [])
  t.deepEqual(memory.overridesOf('a/b'), [])
})
