import test from 'ava'
import { residentReader } from '../../../core/runtime/resident.ts'

test('where no file may be opened the memory is what it was, and nobody dies of it', t => {
  const answers = [100, null, 300]
  const read = residentReader(() => {
    const answer = answers.shift()
    if (answer == null) throw new Error('EMFILE: too many open files, uv_resident_set_memory')
    return answer
  })
  t.deepEqual([read(), read(), read(), read()], [100, 100, 300, 300])
  t.is(
    residentReader(() => {
      throw new Error('EMFILE')
    })(),
    0,
  )
})
