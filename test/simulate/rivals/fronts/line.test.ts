import test from 'ava'
import fc from 'fast-check'
import { Line } from '../../../../simulate/rivals/fronts/line.ts'
import { request } from './requests.ts'

test('a line is a list from which some go early', t => {
  const step = fc.tuple(fc.constantFrom('push', 'push', 'shift', 'remove', 'expire'), fc.nat(100))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const line = new Line(20)
      let list: { id: number; untilUs: number }[] = []
      for (const [now, [what, which]] of steps.entries()) {
        if (what === 'push') {
          line.push(request(now), now)
          list.push({ id: now, untilUs: now + 20 })
        } else if (what === 'shift') {
          if (line.shift()?.id !== list.shift()?.id) return false
        } else if (what === 'remove') {
          const id = list[which % Math.max(1, list.length)]?.id ?? -1
          if (line.remove(request(id)) !== list.some(item => item.id === id)) return false
          list = list.filter(item => item.id !== id)
        } else {
          const gone = list.filter(({ untilUs }) => untilUs <= now).map(({ id }) => id)
          if (
            line
              .expire(now)
              .map(({ id }) => id)
              .join() !== gone.join()
          )
            return false
          list = list.filter(({ untilUs }) => untilUs > now)
        }
        if (line.length !== list.length) return false
        if (line.nextUs() !== (list[0]?.untilUs ?? Infinity)) return false
      }
      return true
    }),
  )
  t.pass()
})

test('a long one forgets those that have gone', t => {
  const line = new Line(Infinity)
  for (let i = 0; i < 5000; i++) line.push(request(i), 0)
  for (let i = 0; i < 4000; i++) t.is(line.shift()?.id, i)
  t.true(line.remove(request(4500)))
  for (let i = 0; i < 10; i++) line.push(request(5000 + i), 0)
  const rest: number[] = []
  for (let next = line.shift(); next !== undefined; next = line.shift()) rest.push(next.id)
  t.is(rest.length, 1009)
  t.is(rest[0], 4000)
  t.is(rest.at(-1), 5009)
  t.false(rest.includes(4500))
})
