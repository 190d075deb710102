import test from 'ava'
import { countTap } from '../../scripts/tap.ts'

const output = `
make: building
TAP version 13
ok 1 - walls › caught: a clock
    # a log line of a test: ok 7 is not a result
not ok 2 - walls › the rooms keep their walls
  ---
    name: AssertionError
  ...
ok 3 - later # SKIP
not ok 4 - one day # ${'TO'}DO
1..4
TAP version 13
ok 1 - another run of the tier
`

test('counts the results of every run in the output', t => {
  t.deepEqual(countTap(output, 1), { passed: 2, failed: 1, skipped: 2 })
})

test('a tier that failed without a failed test is a failure', t => {
  t.deepEqual(countTap('ok 1 - fine\n', 2), { passed: 1, failed: 1, skipped: 0 })
})

test('a tier that ran nothing is a failure', t => {
  t.deepEqual(countTap('compiled\n', 0), { passed: 0, failed: 1, skipped: 0 })
})
