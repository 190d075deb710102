import test from 'ava'
import { Lived } from '../../../controller/record/lived.ts'

const DAY = 86_400_000
const T0 = 1_790_000_000_000

test('records that go on make what is before them old, whatever a clock says', t => {
  const lived = new Lived()
  for (let day = 0; day <= 40; day++) lived.take(day + 1, T0 + day * DAY)
  t.is(lived.ageOf(1, T0), 40 * DAY)
  t.is(lived.ageOf(41, T0 + 40 * DAY), 0)
})

test('a leap counts as a day: a clock ten years ahead at a start makes nothing old, at this start or the next', t => {
  const lived = new Lived()
  lived.take(1, T0)
  lived.take(2, T0 + DAY / 2)
  const ahead = T0 + 3650 * DAY
  lived.take(3, ahead)
  t.is(lived.ageOf(1, T0), 1.5 * DAY)
  t.is(lived.ageOf(2, T0 + DAY / 2), DAY)
  // Time goes on from the newest record, also where the clock was mended.
  lived.take(4, ahead + 1000)
  t.is(lived.ageOf(1, T0), 1.5 * DAY + 1000)
  t.is(lived.ageOf(3, ahead), 1000)
})
