import test from 'ava'
import type { Issue } from '../../../core/model/schema.ts'
import {
  BadConfig,
  readAddress,
  readLevel,
  readParent,
  refuseAny,
  splitAddress,
} from '../../../core/runtime/environment.ts'

test('an address: host without brackets, and port', t => {
  t.deepEqual(splitAddress('[::1]:80'), { host: '::1', port: 80 })
  const issues: Issue[] = []
  t.deepEqual(readAddress('A', 'a.b:0', issues), { host: 'a.b', port: 0 })
  t.deepEqual(issues, [])
  for (const bad of ['', 'here', '::1:80', 'a:70000', 'a:-1']) readAddress('A', bad, issues)
  t.deepEqual(
    issues.map(issue => issue.got),
    ['nothing', '"here"', '"::1:80"', '"a:70000"', '"a:-1"'],
  )
})

test('every error at once, with the page that helps', t => {
  const issues: Issue[] = []
  t.is(readLevel('warn', issues), 'warn')
  t.true(readParent('stdin', issues))
  t.false(readParent('', issues))
  t.notThrows(() => refuseAny(issues, 'edge'))
  t.is(readLevel('loud', issues), 'info')
  t.false(readParent('me', issues))
  const error = t.throws(() => refuseAny(issues, 'edge'), { instanceOf: BadConfig })
  t.is(error.issues.length, 2)
  t.regex(error.message, /of the edge is wrong:\n.*LOG_LEVEL.*\n.*PARENT.*\nSee docs\/edge\.md\./)
})
