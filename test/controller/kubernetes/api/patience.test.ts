import test from 'ava'
import { patiently } from '../../../../controller/kubernetes/api/patience.ts'
import { HandTime, until } from '../../../support/hand-time.ts'

test('what is waited for is asked until it is there; each reason is said, and none over and over', async t => {
  const time = new HandTime()
  const why = ['refused', 'refused', 'refused', 'forbidden', 'forbidden', 'refused']
  const said: unknown[] = []
  let asked = 0
  const got = patiently(
    (_, text, fields) => void said.push([text, fields?.why]),
    () => {
      const words = why[asked++]
      return words === undefined ? Promise.resolve('key') : Promise.reject(new Error(words))
    },
    time,
  )
  await until(() => {
    time.advance(5000)
    return asked === why.length + 1
  })
  t.is(await got, 'key')
  const text = 'waiting for the API server'
  t.deepEqual(said, [
    [text, 'refused'],
    [text, 'forbidden'],
    [text, 'refused'],
  ])
  t.deepEqual(time.delays, [250, 500, 1000, 2000, 4000, 5000])
})
