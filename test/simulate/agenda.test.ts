import test from 'ava'
import fc from 'fast-check'
import { Agenda } from '../../simulate/agenda.ts'

test('the earliest is on top, equal times by key, whatever was set before', t => {
  const step = fc.tuple(fc.nat(9), fc.oneof(fc.nat(20), fc.constant(Infinity)))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const agenda = new Agenda()
      const times = new Map<number, number>()
      for (const [key, time] of steps) {
        agenda.set(key, time)
        times.set(key, time)
        const due = [...times].filter(([, at]) => at !== Infinity)
        const [first] = due.toSorted(([a, x], [b, y]) => x - y || a - b)
        if (agenda.key !== (first?.[0] ?? -1) || agenda.time !== (first?.[1] ?? Infinity))
          return false
      }
      return true
    }),
  )
  t.pass()
})
